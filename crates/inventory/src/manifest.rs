//! Manifests: which data files an inventory has, of what columns, and what their bytes hash to.
//!
//! - S3: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html#storage-inventory-location-manifest>
//! - Google Cloud Storage: <https://cloud.google.com/storage/docs/insights/inventory-reports#manifest>
//! - Azure: <https://learn.microsoft.com/azure/storage/blobs/blob-inventory#inventory-manifest-file>

use serde::Deserialize;

use crate::checksum::Checksum;
use crate::error::{Error, Result};
use crate::form::Dialect;

/// The one version of S3's manifests.
const S3_VERSION: &str = "2016-11-30";

/// What a manifest says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) dialect: Dialect,
    /// The bucket of rows that name none.
    pub(crate) bucket: Option<String>,
    /// The columns of headerless CSV files.
    pub(crate) columns: Option<Vec<String>>,
    /// In the order of the manifest.
    pub(crate) files: Vec<DataFile>,
}

/// A data file of a manifest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DataFile {
    /// As the manifest has it: from the root of its bucket, or beside the manifest.
    pub(crate) key: String,
    pub(crate) size: Option<u64>,
    pub(crate) md5: Option<Checksum>,
}

/// Members of all three kinds; which are there tells the kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    version: Option<serde_json::Value>,
    source_bucket: Option<String>,
    file_format: Option<String>,
    file_schema: Option<String>,
    files: Option<Vec<File>>,
    rule_definition: Option<Rule>,
    status: Option<String>,
    #[serde(rename = "report_config")]
    report_config: Option<serde_json::Value>,
    #[serde(rename = "report_shards_file_names")]
    shards: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(alias = "blob")]
    key: String,
    size: Option<u64>,
    #[serde(rename = "MD5checksum")]
    md5: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    object_type: Option<String>,
}

impl Manifest {
    /// Reads a manifest of any of the three kinds.
    ///
    /// # Errors
    /// JSON of another kind, a version or format that is not known, a report that failed.
    pub(crate) fn parse(name: &str, text: &[u8]) -> Result<Self> {
        let wrong = |message: String| Error::Manifest { name: name.to_owned(), message };
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let document: Document =
            serde_json::from_slice(text).map_err(|e| wrong(format!("cannot be read: {e}")))?;
        let read = match &document {
            Document { file_schema: Some(_), .. } | Document { file_format: Some(_), .. } => s3(document),
            Document { shards: Some(_), .. } => gcs(document),
            Document { rule_definition: Some(_), .. } => azure(document),
            _ => Err("is none of those known (S3 Inventory, Google Cloud Storage inventory report, Azure blob inventory): \
                      it has no `fileSchema`, `report_shards_file_names` or `ruleDefinition`"
                .to_owned()),
        };
        read.map_err(wrong)
    }
}

fn s3(document: Document) -> std::result::Result<Manifest, String> {
    match document.version.as_ref().and_then(|version| version.as_str()) {
        Some(S3_VERSION) => {}
        other => {
            let found = other.map_or_else(|| "none".to_owned(), |version| format!("{version:?}"));
            return Err(format!(
                "is of version {found}, and only {S3_VERSION:?} is known: a newer earthcatalog may read it"
            ));
        }
    }
    let schema = document.file_schema.unwrap_or_default();
    let columns = match document.file_format.as_deref() {
        Some("CSV") => Some(schema.split(',').map(|name| name.trim().to_owned()).collect()),
        Some("ORC" | "Parquet") => None,
        other => {
            return Err(format!(
                "has the fileFormat {:?}; CSV, ORC and Parquet are known",
                other.unwrap_or_default()
            ));
        }
    };
    let files = document.files.ok_or("has no `files`")?;
    let files = files.into_iter().map(data_file).collect::<std::result::Result<_, _>>()?;
    Ok(Manifest { dialect: Dialect::Plain, bucket: document.source_bucket, columns, files })
}

fn data_file(file: File) -> std::result::Result<DataFile, String> {
    let md5 = match &file.md5 {
        None => None,
        Some(text) => Some(
            Checksum::parse(text)
                .ok_or_else(|| format!("has an MD5checksum of {} that is no MD5: {text:?}", file.key))?,
        ),
    };
    Ok(DataFile { key: file.key, size: file.size, md5 })
}

fn gcs(document: Document) -> std::result::Result<Manifest, String> {
    let file = |key| DataFile { key, size: None, md5: None };
    let columns = document.report_config.as_ref().and_then(headerless);
    let files = document.shards.unwrap_or_default().into_iter().map(file).collect();
    Ok(Manifest { dialect: Dialect::Gcs, bucket: None, columns, files })
}

/// The columns of a report that was ordered without a header.
fn headerless(config: &serde_json::Value) -> Option<Vec<String>> {
    if config.pointer("/csvOptions/headerRequired")?.as_bool()? {
        return None;
    }
    let fields = config.pointer("/objectMetadataReportOptions/metadataFields")?.as_array()?;
    Some(fields.iter().map(|field| field.as_str().unwrap_or_default().to_owned()).collect())
}

fn azure(document: Document) -> std::result::Result<Manifest, String> {
    if let Some(status) = document.status.filter(|status| status != "Succeeded") {
        return Err(format!("is of a run that ended as {status:?}: its listing is not whole"));
    }
    let kind = document.rule_definition.and_then(|rule| rule.object_type);
    if let Some(kind) = kind.filter(|kind| !kind.eq_ignore_ascii_case("blob")) {
        return Err(format!("lists objects of type {kind:?}, not blobs"));
    }
    let files = document.files.ok_or("has no `files`")?;
    let files = files.into_iter().map(data_file).collect::<std::result::Result<_, _>>()?;
    Ok(Manifest { dialect: Dialect::Azure, bucket: None, columns: None, files })
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
