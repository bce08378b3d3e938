//! Label selectors: `app=web,tier in (a,b),!canary`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::SelectorError;
use crate::names::{label_key_errors, label_value_errors};
use crate::types::{SmallStr, go};

/// Requirements that must all hold, sorted by key. None select everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

/// What one label must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    pub key: String,
    pub operator: Operator,
    /// None for `Exists` and `DoesNotExist`, one for comparisons.
    pub values: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equals,
    DoubleEquals,
    NotEquals,
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

impl LabelSelector {
    pub fn new(mut requirements: Vec<Requirement>) -> LabelSelector {
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        LabelSelector { requirements }
    }

    /// Labels that must be there with just these values.
    pub fn from_labels(labels: &BTreeMap<SmallStr, SmallStr>) -> LabelSelector {
        let equals = |(key, value): (&SmallStr, &SmallStr)| Requirement {
            key: key.to_string(),
            operator: Operator::Equals,
            values: BTreeSet::from([value.to_string()]),
        };
        LabelSelector { requirements: labels.iter().map(equals).collect() }
    }

    /// From the JSON form of meta/v1 `LabelSelector`: `matchLabels` and `matchExpressions`.
    pub fn from_value(selector: &Value) -> Result<LabelSelector, SelectorError> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut requirements = Vec::new();
        for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
            requirements.push(Requirement::new(key.clone(), Operator::Equals, BTreeSet::from([text(value)]))?);
        }
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            let operator = match expression["operator"].as_str().unwrap_or_default() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => {
                    return Err(SelectorError(format!("{} is not a valid label selector operator", go::quote(other))));
                }
            };
            let values = expression["values"].as_array().into_iter().flatten().map(text).collect();
            requirements.push(Requirement::new(text(&expression["key"]), operator, values)?);
        }
        Ok(LabelSelector::new(requirements))
    }

    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    pub fn matches(&self, labels: &BTreeMap<SmallStr, SmallStr>) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(labels))
    }
}

impl Requirement {
    /// Checks key and values against the rules for labels and for the operator.
    pub fn new(key: String, operator: Operator, values: BTreeSet<String>) -> Result<Requirement, SelectorError> {
        let mut errors = Vec::new();
        let shown = || {
            let values: Vec<_> = values.iter().map(|v| go::quote(v)).collect();
            format!("[{}]", values.join(","))
        };
        let mut invalid = |field: String, value: String, detail: &str| {
            errors.push(format!("{field}: Invalid value: {value}: {detail}"));
        };
        if let Some(error) = joined(label_key_errors(&key)) {
            invalid("key".to_owned(), go::quote(&key), &error);
        }
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                invalid("values".to_owned(), shown(), "for 'in', 'notin' operators, values set can't be empty");
            }
            Operator::Equals | Operator::DoubleEquals | Operator::NotEquals if values.len() != 1 => {
                invalid("values".to_owned(), shown(), "exact-match compatibility requires one single value");
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                invalid("values".to_owned(), shown(), "values set must be empty for exists and does not exist");
            }
            Operator::GreaterThan | Operator::LessThan => {
                if values.len() != 1 {
                    invalid("values".to_owned(), shown(), "for 'Gt', 'Lt' operators, exactly one value is required");
                }
                for (i, value) in values.iter().enumerate().filter(|(_, value)| value.parse::<i64>().is_err()) {
                    let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
                    invalid(format!("values[{i}]"), go::quote(value), detail);
                }
            }
            _ => {}
        }
        for (i, value) in values.iter().enumerate() {
            if let Some(error) = joined(label_value_errors(value)) {
                invalid(format!("values[{i}][{key}]"), go::quote(value), &error);
            }
        }
        match &errors[..] {
            [] => Ok(Requirement { key, operator, values }),
            [error] => Err(SelectorError(error.clone())),
            _ => Err(SelectorError(format!("[{}]", errors.join(", ")))),
        }
    }

    pub fn matches(&self, labels: &BTreeMap<SmallStr, SmallStr>) -> bool {
        let label = labels.get(self.key.as_str()).map(SmallStr::as_str);
        match self.operator {
            Operator::Equals | Operator::DoubleEquals | Operator::In => label.is_some_and(|l| self.values.contains(l)),
            Operator::NotEquals | Operator::NotIn => label.is_none_or(|l| !self.values.contains(l)),
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
            Operator::GreaterThan => self.compares(label, |label, value| label > value),
            Operator::LessThan => self.compares(label, |label, value| label < value),
        }
    }

    fn compares(&self, label: Option<&str>, holds: fn(i64, i64) -> bool) -> bool {
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok());
        match (number(label), number(self.values.first().map(String::as_str))) {
            (Some(label), Some(value)) => holds(label, value),
            _ => false,
        }
    }
}

/// All that is wrong with one value, as one error.
fn joined(errors: Vec<String>) -> Option<String> {
    (!errors.is_empty()).then(|| errors.join("; "))
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, requirement) in self.requirements.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            requirement.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        let values = values.join(",");
        match self.operator {
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Exists => write!(f, "{key}"),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

impl FromStr for LabelSelector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<LabelSelector, SelectorError> {
        Parser { rest: text }.selector().map(LabelSelector::new)
    }
}

/// A piece of a selector's text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    /// `in` and `notin` are operators behind a key and words elsewhere.
    Word(&'a str),
    /// `=`, `==`, `!=`, `!`, `<`, `>`, `(`, `)` and `,`.
    Symbol(&'a str),
    End,
}

impl<'a> Token<'a> {
    fn text(self) -> &'a str {
        match self {
            Token::Word(text) | Token::Symbol(text) => text,
            Token::End => "",
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

type Parsed<T> = Result<T, SelectorError>;

impl<'a> Parser<'a> {
    fn selector(&mut self) -> Parsed<Vec<Requirement>> {
        let mut requirements = Vec::new();
        loop {
            match self.peek() {
                Token::Word(_) | Token::Symbol("!") => {
                    let requirement = self.requirement();
                    requirements
                        .push(requirement.map_err(|e| SelectorError(format!("unable to parse requirement: {}", e.0)))?);
                }
                Token::End => return Ok(requirements),
                other => return expected(other, ", expected: !, identifier, or 'end of string'"),
            }
            match self.next() {
                Token::End => return Ok(requirements),
                Token::Symbol(",") => match self.peek() {
                    Token::Word(_) | Token::Symbol("!") => {}
                    other => return expected(other, ", expected: identifier after ','"),
                },
                other => return expected(other, ", expected: ',' or 'end of string'"),
            }
        }
    }

    fn requirement(&mut self) -> Parsed<Requirement> {
        let mut token = self.next();
        let negated = token == Token::Symbol("!");
        if negated {
            token = self.next();
        }
        let Token::Word(key) = token else { return expected(token, ", expected: identifier") };
        if let Some(error) = joined(label_key_errors(key)) {
            return Err(SelectorError(format!("<nil>: Invalid value: {}: {error}", go::quote(key))));
        }
        let key = key.to_owned();
        if negated {
            return Requirement::new(key, Operator::DoesNotExist, BTreeSet::new());
        }
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Requirement::new(key, Operator::Exists, BTreeSet::new());
        }
        let operator = self.operator()?;
        let values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => BTreeSet::from([self.exact_value()?]),
        };
        Requirement::new(key, operator, values)
    }

    fn operator(&mut self) -> Parsed<Operator> {
        Ok(match self.next() {
            Token::Word("in") => Operator::In,
            Token::Word("notin") => Operator::NotIn,
            Token::Symbol("=") => Operator::Equals,
            Token::Symbol("==") => Operator::DoubleEquals,
            Token::Symbol("!=") => Operator::NotEquals,
            Token::Symbol(">") => Operator::GreaterThan,
            Token::Symbol("<") => Operator::LessThan,
            other => return expected(other, ", expected: in, notin, =, ==, !=, gt, lt"),
        })
    }

    fn exact_value(&mut self) -> Parsed<String> {
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Ok(String::new());
        }
        match self.next() {
            Token::Word(value) => Ok(value.to_owned()),
            other => expected(other, ", expected: identifier"),
        }
    }

    /// `(a,b)`; what is missing before, between or behind commas is the empty value.
    fn values(&mut self) -> Parsed<BTreeSet<String>> {
        match self.next() {
            Token::Symbol("(") => {}
            other => return expected(other, " expected: '('"),
        }
        let mut values = BTreeSet::new();
        match self.peek() {
            Token::Symbol(")") => {
                self.next();
                values.insert(String::new());
                return Ok(values);
            }
            Token::Word(_) | Token::Symbol(",") => {}
            other => return expected(other, ", expected: ',', ')' or identifier"),
        }
        loop {
            match self.next() {
                Token::Word(value) => {
                    values.insert(value.to_owned());
                    match self.peek() {
                        Token::Symbol(",") => {}
                        Token::Symbol(")") => break,
                        other => return expected(other, ", expected: ',' or ')'"),
                    }
                }
                Token::Symbol(",") => {
                    let next = self.peek();
                    if values.is_empty() || matches!(next, Token::Symbol("," | ")")) {
                        values.insert(String::new());
                    }
                    if next == Token::Symbol(")") {
                        break;
                    }
                }
                other => return expected(other, ", expected: ',', or identifier"),
            }
        }
        self.next();
        Ok(values)
    }

    fn peek(&self) -> Token<'a> {
        Parser { rest: self.rest }.next()
    }

    fn next(&mut self) -> Token<'a> {
        let text = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let symbol =
            ["==", "!=", "=", "!", "<", ">", "(", ")", ","].into_iter().find(|symbol| text.starts_with(symbol));
        let len = match symbol {
            Some(symbol) => symbol.len(),
            None => text.find([' ', '\t', '\r', '\n', '=', '!', '(', ')', ',', '<', '>']).unwrap_or(text.len()),
        };
        let (token, rest) = text.split_at(len);
        self.rest = rest;
        match symbol {
            Some(_) => Token::Symbol(token),
            None if token.is_empty() => Token::End,
            None => Token::Word(token),
        }
    }
}

fn expected<T>(found: Token<'_>, what: &str) -> Parsed<T> {
    Err(SelectorError(format!("found '{}'{what}", found.text())))
}
