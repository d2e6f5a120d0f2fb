//! Every file that some snapshot of the table still needs: what must not be taken for garbage.

use std::collections::HashSet;

use iceberg::spec::TableMetadata;

use crate::error::Result;
use crate::files::Files;
use crate::manifests;
use crate::metadata::State;

/// Visits the locations of all files that the metadata refers to, directly or by a snapshot: older metadata, manifest
/// lists, manifests, data files, deletions, statistics. Some come more than once.
///
/// # Errors
/// Where one of those that lead to others cannot be read.
pub(crate) async fn visit(
    files: &Files,
    state: &State,
    each: &mut (dyn for<'p> FnMut(&'p str) + Send),
) -> Result<()> {
    each(&state.location);
    direct(&state.metadata, each);
    let mut seen = HashSet::new();
    for snapshot in state.metadata.snapshots() {
        each(snapshot.manifest_list());
        let mut manifests = manifests::list(files, snapshot, state.metadata.format_version()).await?;
        // Snapshots share most of their manifests.
        manifests.retain(|manifest| seen.insert(manifest.manifest_path.clone()));
        manifests.iter().for_each(|manifest| each(&manifest.manifest_path));
        manifests::load_all(files, manifests, |loaded| {
            loaded.alive().for_each(|entry| each(entry.file.file_path()));
            Ok(())
        })
        .await?;
    }
    Ok(())
}

fn direct(metadata: &TableMetadata, each: &mut (dyn for<'p> FnMut(&'p str) + Send)) {
    metadata.metadata_log().iter().for_each(|entry| each(&entry.metadata_file));
    metadata.statistics_iter().for_each(|file| each(&file.statistics_path));
    metadata.partition_statistics_iter().for_each(|file| each(&file.statistics_path));
}
