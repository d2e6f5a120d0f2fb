//! Plain text tables: columns padded with spaces, numbers to the right, nothing drawn around them.

/// A table that is built row by row and laid out at the end.
#[derive(Debug)]
pub(crate) struct Table {
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings; a heading that begins with `>` makes its column one of numbers.
    pub(crate) fn new(headings: &[&str]) -> Self {
        let right = headings.iter().map(|heading| heading.starts_with('>')).collect();
        let first = headings.iter().map(|heading| heading.trim_start_matches('>').to_owned()).collect();
        Self { right, rows: vec![first] }
    }

    /// A table of names and values, without headings.
    pub(crate) fn pairs() -> Self {
        Self { right: vec![false, false], rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Adds a name and its value.
    pub(crate) fn pair(&mut self, name: &str, value: impl Into<String>) {
        self.rows.push(vec![name.to_owned(), value.into()]);
    }

    /// The text, each line ended by a newline.
    pub(crate) fn render(&self) -> String {
        let widths = self.widths();
        let mut out = String::new();
        for row in &self.rows {
            let cells: Vec<String> =
                row.iter().enumerate().map(|(i, cell)| self.pad(i, cell, &widths)).collect();
            out.push_str(cells.join("  ").trim_end());
            out.push('\n');
        }
        out
    }

    fn widths(&self) -> Vec<usize> {
        let column = |i: usize| {
            self.rows.iter().filter_map(|row| row.get(i)).map(|cell: &String| cell.chars().count()).max()
        };
        (0..self.right.len()).map(|i| column(i).unwrap_or(0)).collect()
    }

    fn pad(&self, i: usize, cell: &str, widths: &[usize]) -> String {
        let width = widths.get(i).copied().unwrap_or(0);
        if self.right.get(i).copied().unwrap_or(false) {
            format!("{cell:>width$}")
        } else {
            format!("{cell:<width$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["cell", ">rows"]);
        table.row(["a".into(), "1,000".into()]);
        table.row(["äbc".into(), "7".into()]);
        assert_eq!(table.render(), "cell   rows\na     1,000\näbc       7\n");
    }

    #[test]
    fn pairs_have_no_heading() {
        let mut table = Table::pairs();
        table.pair("grid", "s2:4");
        table.pair("warehouse", "/x");
        assert_eq!(table.render(), "grid       s2:4\nwarehouse  /x\n");
    }
}
