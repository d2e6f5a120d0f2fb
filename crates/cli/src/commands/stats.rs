//! `stats`: rows, files and bytes of each partition.

use earthcatalog::PartitionStats;

use crate::args::AtArgs;
use crate::commands::open_at;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::output::numbers;
use crate::output::table::Table;
use crate::settings::Settings;

/// Prints the partitions by cell and year.
pub(crate) async fn run(args: AtArgs, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let stats = open_at(settings, args).await?.stats().await?;
    if output.is_json() {
        output.document(&stats)?
    } else {
        output.text(&text(&stats))?
    }
    Ok(Exit::Done)
}

fn text(stats: &[PartitionStats]) -> String {
    let mut table = Table::new(&["cell", "year", ">rows", ">files", ">size"]);
    for partition in stats {
        table.row(row(partition));
    }
    let total = |field: fn(&PartitionStats) -> u64| stats.iter().map(field).sum::<u64>();
    let (rows, files, bytes) = (total(|p| p.row_count), total(|p| p.file_count), total(|p| p.total_bytes));
    let sum = format!(
        "{} in {}, {} in {}",
        numbers::plural(rows, "row"),
        numbers::plural(files, "file"),
        numbers::bytes(bytes),
        numbers::plural(stats.len() as u64, "partition"),
    );
    format!("{}\n{sum}\n", table.render())
}

fn row(partition: &PartitionStats) -> [String; 5] {
    [
        partition.grid_partition.clone(),
        partition.year.map_or("-".to_owned(), |year| year.to_string()),
        numbers::count(partition.row_count),
        numbers::count(partition.file_count),
        numbers::bytes(partition.total_bytes),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_its_sum() {
        let partition = |cell: &str, year, rows| PartitionStats {
            grid_partition: cell.to_owned(),
            year,
            row_count: rows,
            file_count: 1,
            total_bytes: 2048,
        };
        let stats = [partition("4c", Some(2020), 1200), partition("__none__", None, 3)];
        let expected = "\
cell      year   rows  files     size
4c        2020  1,200      1  2.0 KiB
__none__  -         3      1  2.0 KiB

1,203 rows in 2 files, 4.0 KiB in 2 partitions
";
        assert_eq!(text(&stats), expected);
    }
}
