//! The text of an expression: as it was written, and with other text for some of its parts.

use std::ops::Range;
use std::sync::Arc;

use super::ast::{Expr, Tree};

impl Expr {
    /// As it was written. The place of a tree leaves its outer brackets out: they are taken in again where they belong to it.
    pub fn written(&self) -> &str {
        self.text.get(self.range()).unwrap_or(&self.text)
    }

    /// Where in the text that is.
    fn range(&self) -> Range<usize> {
        let (mut start, mut end) = (self.tree.place.start as usize, self.tree.place.end as usize);
        let (mut open, mut closed, mut quote) = (0, 0, None);
        for c in self.text.get(start..end).unwrap_or_default().chars() {
            match (quote, c) {
                (Some(begun), _) if c == begun => quote = None,
                (None, '\'' | '"' | '`') => quote = Some(c),
                (None, '(') => open += 1,
                (None, ')') if open > 0 => open -= 1,
                (None, ')') => closed += 1,
                _ => {}
            }
        }
        for _ in 0..closed {
            start = self.text[..start].rfind('(').unwrap_or(start);
        }
        for _ in 0..open {
            end = self.text[end..].find(')').map_or(end, |at| end + at + 1);
        }
        start..end
    }

    /// As it was written, but for the parts, the whole first, for which `with` has another text. It is not asked for what is
    /// inside of those.
    pub fn replaced(&self, with: &mut dyn FnMut(&Expr) -> Option<String>) -> String {
        let range = self.range();
        let (mut out, mut at) = (String::new(), range.start);
        self.replace_part(&self.tree, with, &mut out, &mut at);
        out + self.text.get(at..range.end).unwrap_or_default()
    }

    fn replace_part(
        &self,
        tree: &Tree,
        with: &mut dyn FnMut(&Expr) -> Option<String>,
        out: &mut String,
        at: &mut usize,
    ) {
        let part = Expr { text: Arc::clone(&self.text), tree: tree.clone() };
        let Some(text) = with(&part) else {
            return tree.parts().into_iter().for_each(|part| self.replace_part(part, with, out, at));
        };
        let range = part.range();
        out.push_str(self.text.get(*at..range.start).unwrap_or_default());
        out.push_str(&text);
        *at = range.end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_replaced_with_the_brackets_that_are_theirs() {
        let key = Expr::parse("a + 1").unwrap();
        let replaced = |text: &str| {
            let expr = Expr::parse(text).unwrap();
            expr.replaced(&mut |part| match part.is_aggregate() {
                true => Some(format!("<{}>", part.written())),
                false => (*part == key).then(|| "k".to_string()),
            })
        };
        assert_eq!(replaced("(a+1) * 2 - b"), "(k) * 2 - b");
        assert_eq!(replaced(" a + 1 "), "k");
        assert_eq!(replaced("if(a+1 > 2, 'a+1', (a + 1))"), "if(k > 2, 'a+1', (k))");
        assert_eq!(
            replaced("count(*) FILTER (WHERE (a + 1) > 0) / (sum((b)))"),
            "<count(*) FILTER (WHERE (a + 1) > 0)> / (<sum((b))>)"
        );
        assert_eq!(
            replaced("CASE WHEN a + 1 > 0 THEN max(a + 1) ELSE a END"),
            "CASE WHEN k > 0 THEN <max(a + 1)> ELSE a END"
        );
    }
}
