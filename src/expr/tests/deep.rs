//! Expressions that are as long or as deep as somebody may think of: they work or are refused, quickly, and on a stack of the
//! size that threads have.

use std::time::Duration;

use super::*;
use crate::expr::parse_list;

/// On a thread with the stack of a shard (2 MiB is what Rust gives): an overflow ends the whole test.
fn read(text: String) -> Result<(), String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        let schema = Schema { fields: vec![Field::shown("a")], ..Schema::default() };
        let block = Block { rows: 1, columns: vec![super::text(&[Some("1")])], ..Block::default() };
        let result = Expr::parse(&text).map_err(|e| e.to_string()).map(|expr| {
            let _ = expr.to_string();
            assert!(expr.columns().len() < 3 && !expr.has_aggregate());
            assert_eq!(expr.without_aggregates(|_| Ok("x".into())).ok(), Some(expr.clone()));
            if let Ok(node) = expr.bind(&schema, &Context::default()) {
                node.eval(&block);
            }
        });
        sender.send(result).expect("the test waits");
    });
    let result = receiver.recv_timeout(Duration::from_secs(20)).expect("it is read quickly and without a crash");
    thread.expect("a thread").join().expect("no panic");
    result
}

#[test]
fn deep_nesting_is_refused() {
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("abs(", "1", ")"),
        ("NOT ", "a", ""),
        ("- ", "1", ""),
        ("CASE WHEN ", "a", " THEN 1 END"),
        ("CAST(", "1", " AS INT)"),
        ("a[", "0", "]"),
        ("a IN (", "1", ")"),
        ("trim(", "a", ")"),
        ("array(", "1", ")"),
        ("if(a, ", "1", ", 1)"),
        ("substring(", "a", ", 1)"),
        ("(1 + ", "1", ") * 2"),
        ("case ", "", ""),
        ("not-a.", "", ""),
        ("((1, ", "", ""),
    ] {
        let text = format!("{}{inner}{}", open.repeat(100_000), close.repeat(100_000));
        let message = read(text).expect_err("too deep");
        assert!(message.lines().all(|line| line.chars().count() < 200), "{message}");
        for depth in 1..60 {
            let _ = read(format!("{}{inner}{}", open.repeat(depth), close.repeat(depth)));
        }
    }
    assert!(read("(".repeat(100_000) + "1" + &")".repeat(100_000)).unwrap_err().contains("nested too deeply"));
    assert_eq!(read("(".repeat(40) + "1" + &")".repeat(40)), Ok(()));
}

#[test]
fn long_chains_are_refused_with_what_to_write() {
    for link in
        [" + a", " OR a", " AND NOT a", " || a", "::INT", " IS NULL", " = a", " LIKE a", " - -a", " BETWEEN a AND a"]
    {
        let message = read(format!("a{}", link.repeat(100_000))).expect_err("too long");
        assert!(message.starts_with("too many operators in one expression") && message.contains("IN ("), "{message}");
        let _ = read(format!("a{}", link.repeat(200)));
    }
    assert_eq!(read(format!("a{}", " + a".repeat(500))), Ok(()));
    let mixed = format!("{}a{}", "(a + ".repeat(39), format!("{})", " * a".repeat(12)).repeat(39));
    assert!(read(mixed).is_err_and(|m| m.starts_with("too many operators")));
}

#[test]
fn a_megabyte_that_is_flat_is_read() {
    let values: Vec<String> = (0..120_000).map(|value| format!("'{value}'")).collect();
    assert_eq!(read(format!("a IN ({})", values.join(", "))), Ok(()));
    let arms: String = (0..30_000).map(|value| format!(" WHEN a = {value} THEN '{value}'")).collect();
    assert!(read(format!("CASE{arms} END")).is_ok());
    assert_eq!(read(format!("a = '{}'", "x".repeat(1 << 20))), Ok(()));
    assert!(read("a ".repeat(500_000)).is_err());
    assert!(read("用 ".repeat(250_000)).is_err());
    assert!(read(format!("a{}", ".b".repeat(500_000))).is_ok());
    assert!(read(format!("'{}", "x".repeat(1 << 20))).is_err());
    assert_eq!(
        parse_list(&"a,".repeat(300_000)).map(|l| l.len()).map_err(|e| e.to_string().contains("behind the comma")),
        Err(true)
    );
}
