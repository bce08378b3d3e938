//! `SOURCE.toml`: which upstream version the files were made from.

/// The `tag` at the top of the file, such as `v1.36.0`. Tables below it have tags of their own, which are others.
pub fn tag(text: &str) -> Option<&str> {
    let top = text.lines().map(str::trim).take_while(|line| !line.starts_with('['));
    let value = top.filter_map(|line| line.strip_prefix("tag")?.trim_start().strip_prefix('=')).next()?;
    value.trim().strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_tag_at_the_top_only() {
        assert_eq!(
            tag("# Of upstream.\nformat = 1\ntag = \"v1.36.0\"\n[[repository]]\ntag = \"v0.36.0\""),
            Some("v1.36.0")
        );
        assert_eq!(tag("format = 1\n[[repository]]\ntag = \"v0.36.0\""), None);
        assert_eq!(tag("tag = 1"), None);
    }
}
