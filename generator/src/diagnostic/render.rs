//! Diagnostics as text for people and as JSON for machines.

use std::fmt;

use miette::{LabeledSpan, NarratableReportHandler, ReportHandler, SourceSpan};

use super::{Diagnostic, Diagnostics, Place, Severity};

/// How messages look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Drawn with lines; in colour if set.
    #[cfg(feature = "cli")]
    Graphical { color: bool },
    /// Plain sentences, for logs and screen readers.
    Plain,
}

/// All messages as text.
pub fn render(diagnostics: &Diagnostics, style: Style) -> String {
    diagnostics.iter().map(|diagnostic| render_one(diagnostic, style)).collect()
}

/// One JSON object per line: code, severity, message, file, line, column, help.
pub fn to_json(diagnostics: &Diagnostics) -> String {
    diagnostics.iter().map(|d| format!("{}\n", json_line(d))).collect()
}

fn json_line(diagnostic: &Diagnostic) -> serde_json::Value {
    let position = |place: &Place| {
        let (line, column) = place.line_column();
        serde_json::json!({"file": place.file.path, "line": line, "column": column})
    };
    let mut object = serde_json::json!({
        "code": diagnostic.code.id(),
        "severity": match diagnostic.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": diagnostic.message,
        "help": diagnostic.help,
        "file": null, "line": null, "column": null,
    });
    if let (Some(place), Some(object)) = (diagnostic.place(), object.as_object_mut()) {
        if let serde_json::Value::Object(position) = position(place) {
            object.extend(position);
        }
        let others: Vec<_> = diagnostic.labels[1..].iter().map(|(place, _)| position(place)).collect();
        if !others.is_empty() {
            object.insert("related".into(), others.into());
        }
    }
    object
}

fn render_one(diagnostic: &Diagnostic, style: Style) -> String {
    let report = Report { diagnostic, others: others(diagnostic) };
    struct Shown<'a>(&'a Report<'a>, Style);
    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self.1 {
                #[cfg(feature = "cli")]
                Style::Graphical { color } => {
                    use miette::{GraphicalReportHandler, GraphicalTheme};
                    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
                    // The terminal wraps: a name broken in two can neither be copied nor searched for.
                    let handler = GraphicalReportHandler::new_themed(theme).with_wrap_lines(false);
                    handler.with_context_lines(1).debug(self.0, f)
                }
                Style::Plain => NarratableReportHandler::new().with_context_lines(1).debug(self.0, f),
            }
        }
    }
    format!("{}\n", Shown(&report, style).to_string().trim_end())
}

/// miette shows one file per report; labels in other files become reports of their own below it.
fn others(diagnostic: &Diagnostic) -> Vec<Other> {
    let Some(main) = diagnostic.place() else { return Vec::new() };
    let elsewhere = diagnostic.labels.iter().filter(|(place, _)| place.file.path != main.file.path);
    elsewhere.map(|(place, text)| Other { place: place.clone(), text: text.clone() }).collect()
}

struct Report<'a> {
    diagnostic: &'a Diagnostic,
    others: Vec<Other>,
}

struct Other {
    place: Place,
    text: String,
}

fn span(place: &Place) -> SourceSpan {
    // A span at the very end of a file is drawn on the last character.
    let length = place.file.text.len();
    let start = (place.span.start as usize).min(length.saturating_sub(1));
    let end = (place.span.end as usize).clamp(start, length);
    (start, end - start).into()
}

impl miette::SourceCode for Place {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let contents = self.file.text.read_span(span, before, after)?;
        Ok(Box::new(miette::MietteSpanContents::new_named(
            self.file.path.clone(),
            contents.data(),
            *contents.span(),
            contents.line(),
            contents.column(),
            contents.line_count(),
        )))
    }
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.diagnostic, f)
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code.id()))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.diagnostic.place().map(|place| place as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let main = self.diagnostic.place()?;
        let here = self.diagnostic.labels.iter().filter(|(place, _)| place.file.path == main.file.path);
        Some(Box::new(here.map(|(place, text)| LabeledSpan::new_with_span(Some(text.clone()), span(place)))))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.others.is_empty() {
            return None;
        }
        Some(Box::new(self.others.iter().map(|other| other as &dyn miette::Diagnostic)))
    }
}

impl fmt::Debug for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Other {}

impl miette::Diagnostic for Other {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.place)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(None, span(&self.place)))))
    }
}
