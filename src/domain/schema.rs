//! What the JSON Schemas that are made of the types have in common.

use schemars::Schema;
use serde_json::Value;

/// A SHA-256 in lower-case hexadecimal.
pub(super) const SHA256_PATTERN: &str = "^[0-9a-f]{64}$";

/// Descriptions are doc comments: joins their lines, so that a reader can break them anew. For
/// [`schemars::transform::RecursiveTransform`].
pub fn join_lines(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let paragraphs: Vec<String> = text.split("\n\n").map(|part| part.replace('\n', " ")).collect();
        *text = paragraphs.join("\n\n");
    }
}
