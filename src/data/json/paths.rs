//! Which members of a record are wanted: names of columns as a tree of members and items.
//!
//! A name is that of a member of the record or, where there is none of that very name, a path: `a.b[0].c`.

/// Nothing is wanted here or below.
pub const NOTHING: u16 = 0;
/// The record.
pub const ROOT: u16 = 1;

/// A place in records.
#[derive(Default)]
struct Node {
    members: Vec<(Vec<u8>, u16)>,
    items: Vec<(u32, u16)>,
    /// Where its value is kept.
    slot: Option<u16>,
    /// Where the values below it are kept.
    below: Vec<u16>,
}

/// The tree.
pub struct Paths {
    nodes: Vec<Node>,
    /// For each name where its value is kept: that of the member of that name, and that at the end of the path.
    pub names: Vec<(u16, Option<u16>)>,
    /// How many values are kept of a record.
    pub slots: usize,
}

enum Step<'a> {
    Member(&'a str),
    Item(u32),
}

impl Paths {
    /// The tree of these names.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut paths = Paths { nodes: vec![Node::default(), Node::default()], names: Vec::new(), slots: 0 };
        for name in names {
            let own = paths.add(&[Step::Member(name)]);
            let path = steps(name).filter(|steps| steps.len() > 1).map(|steps| paths.add(&steps));
            paths.names.push((own, path));
        }
        paths
    }

    fn add(&mut self, steps: &[Step<'_>]) -> u16 {
        let (mut at, mut passed) = (ROOT as usize, Vec::new());
        for step in steps {
            passed.push(at);
            let next = match step {
                Step::Member(name) => find(&self.nodes[at].members, |known| known == name.as_bytes()),
                Step::Item(number) => find(&self.nodes[at].items, |known| known == number),
            };
            at = next.map_or(self.nodes.len(), usize::from);
            if next.is_none() {
                match step {
                    Step::Member(name) => {
                        self.nodes[passed[passed.len() - 1]].members.push((name.as_bytes().to_vec(), at as u16));
                    }
                    Step::Item(number) => self.nodes[passed[passed.len() - 1]].items.push((*number, at as u16)),
                }
                self.nodes.push(Node::default());
            }
        }
        if let Some(slot) = self.nodes[at].slot {
            return slot;
        }
        let slot = self.slots as u16;
        self.slots += 1;
        self.nodes[at].slot = Some(slot);
        passed.iter().for_each(|&above| self.nodes[above].below.push(slot));
        slot
    }

    /// The member of this name.
    pub fn member(&self, node: u16, name: &[u8]) -> u16 {
        find(&self.nodes[node as usize].members, |known| known == name).unwrap_or(NOTHING)
    }

    /// The item of this number.
    pub fn item(&self, node: u16, number: u32) -> u16 {
        find(&self.nodes[node as usize].items, |known| *known == number).unwrap_or(NOTHING)
    }

    /// Where the value of a place is kept.
    #[inline]
    pub fn slot(&self, node: u16) -> Option<u16> {
        self.nodes[node as usize].slot
    }

    /// Where the values below a place are kept.
    #[inline]
    pub fn below(&self, node: u16) -> &[u16] {
        &self.nodes[node as usize].below
    }
}

fn find<T>(places: &[(T, u16)], is: impl Fn(&T) -> bool) -> Option<u16> {
    places.iter().find(|place| is(&place.0)).map(|place| place.1)
}

/// The steps of a path; none if it is not written as one.
fn steps(name: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    for part in name.split('.') {
        let (member, mut items) = part.split_at(part.find('[').unwrap_or(part.len()));
        if member.is_empty() {
            return None;
        }
        steps.push(Step::Member(member));
        while !items.is_empty() {
            let (number, rest) = items.strip_prefix('[')?.split_once(']')?;
            let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            steps.push(Step::Item(if digits { number.parse().ok()? } else { return None }));
            items = rest;
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_member_and_perhaps_a_path() {
        let spelled = |name: &str| {
            steps(name).map(|steps| {
                let text = |step: &Step<'_>| match step {
                    Step::Member(name) => format!("{name}/"),
                    Step::Item(number) => format!("{number}#"),
                };
                steps.iter().map(text).collect::<String>()
            })
        };
        assert_eq!(spelled("a.b[0][12].c").as_deref(), Some("a/b/0#12#c/"));
        assert_eq!(spelled("a").as_deref(), Some("a/"));
        for no in ["a..b", ".a", "a.", "[0]", "a[", "a[]", "a[x]", "a[0]b", "a[-1]", "a[99999999999]", ""] {
            assert_eq!(spelled(no), None, "{no}");
        }
    }

    #[test]
    fn places_that_names_share_are_there_once() {
        let paths = Paths::new(["a.b", "a.c", "a", "a.b"]);
        assert_eq!(paths.names, [(0, Some(1)), (2, Some(3)), (4, None), (0, Some(1))]);
        let a = paths.member(ROOT, b"a");
        assert_eq!((paths.slot(a), paths.below(a)), (Some(4), &[1, 3][..]));
        assert_eq!(paths.member(a, b"x"), NOTHING);
        assert_eq!(paths.item(a, 0), NOTHING);
    }
}
