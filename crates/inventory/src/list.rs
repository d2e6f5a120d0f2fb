//! Plain lists: a URL a line, or a key a line where the bucket is given.

use earthcatalog_model::read_href;

use crate::build::{BatchBuilder, Row};
use crate::form::Form;
use crate::text::is_url;

/// Adds a line's object. Lines are taken as they are: nothing is quoted, and no comma parts them.
pub(crate) fn push(line: &str, form: &Form, builder: &mut BatchBuilder) -> Result<(), String> {
    if is_url(line) {
        let (bucket, key) = read_href(line)?;
        builder.push(&Row { bucket: &bucket, key: &key, ..Row::default() });
        return Ok(());
    }
    match &form.options.default_bucket {
        Some(bucket) => builder.push(&Row { bucket, key: line, ..Row::default() }),
        None => {
            return Err("this is no URL, and whose key it is no one says: give --bucket NAME".to_owned());
        }
    }
    Ok(())
}
