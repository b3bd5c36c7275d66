//! Hashes that are the same everywhere: Spark's of values (Murmur3, seed 42), and CRC-32 of bytes.

use crate::data::column::{Cell, Column, Numbers};
use crate::data::schema::Kind;

use super::args::{computed, counted, exactly};
use super::{Family, Function};

/// The family.
pub const FAMILY: Family = Family { name: "hash", functions: FUNCTIONS };

const FUNCTIONS: &[Function] = &[
    Function {
        name: "hash",
        aliases: &[],
        form: "hash(a, …)",
        about: "Spark's hash of the values (Murmur3), from -2147483648 to 2147483647. Whole numbers are hashed as BIGINT, and the \
                columns of the input as text: write hash(CAST(id AS BIGINT)) for that of a number.",
        examples: &[("hash('')", "142593372"), ("hash(CAST('1' AS BIGINT))", "-1712319331"), ("hash(NULL)", "42")],
        bind: |args, _| {
            counted(&args, 1..=usize::MAX)?;
            Ok(computed(Kind::Number, args, |columns, rows| {
                let mut hashes = vec![SEED; rows];
                columns.iter().for_each(|column| hash_column(column, &mut hashes));
                Column::ints(hashes.into_iter().map(|hash| i64::from(hash as i32)).collect())
            }))
        },
    },
    Function {
        name: "crc32",
        aliases: &[],
        form: "crc32(text)",
        about: "The CRC-32 (zlib, gzip) of the bytes of text.",
        examples: &[("crc32('Spark')", "1557323817")],
        bind: |args, context| {
            let [text] = exactly(args)?;
            Ok(computed(Kind::Number, vec![text.into_text(&context.zone)], |columns, rows| {
                let sum = |row| match columns[0].cell(row) {
                    Cell::Text(text) => {
                        let mut crc = flate2::Crc::new();
                        crc.update(text);
                        crate::data::column::Number::Int(i64::from(crc.sum()))
                    }
                    _ => crate::data::column::Number::Null,
                };
                Column::Number((0..rows).map(sum).collect::<Numbers>())
            }))
        },
    },
];

/// What hashing starts with.
const SEED: u32 = 42;

/// Goes on from the hash of each row with the value of a column; null leaves it as it is.
fn hash_column(column: &Column, hashes: &mut [u32]) {
    match column {
        Column::Number(Numbers::Ints(values)) => {
            hashes.iter_mut().zip(values).for_each(|(hash, &value)| *hash = long(value, *hash));
        }
        Column::Text(text) => {
            let bytes = text.data.bytes();
            let some = |(hash, span): (&mut u32, &crate::data::column::Span)| {
                if let Some(value) = span.of(bytes) {
                    *hash = text_hash(value, *hash);
                }
            };
            hashes.iter_mut().zip(&text.spans).for_each(some);
        }
        other => hashes.iter_mut().enumerate().for_each(|(row, hash)| *hash = cell(other.cell(row), *hash)),
    }
}

/// Goes on from a hash with a value; a list is all of its items.
fn cell(cell_: Cell<'_>, seed: u32) -> u32 {
    match cell_ {
        Cell::Null => seed,
        Cell::Text(text) => text_hash(text, seed),
        Cell::Int(value) | Cell::Time(value) => long(value, seed),
        Cell::Float(value) => long(float_bits(value), seed),
        Cell::Bool(value) => int(u32::from(value), seed),
        Cell::List(list) => list.cells().fold(seed, |hash, item| cell(item, hash)),
    }
}

/// The bits of a float, one for both zeros and one for all that are no numbers.
fn float_bits(value: f64) -> i64 {
    match value {
        0.0 => 0,
        value if value.is_nan() => 0x7ff8_0000_0000_0000,
        value => value.to_bits() as i64,
    }
}

fn mix_word(word: u32) -> u32 {
    word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

fn mix(hash: u32, word: u32) -> u32 {
    (hash ^ mix_word(word)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

fn finish(hash: u32, length: u32) -> u32 {
    let hash = hash ^ length;
    let hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    let hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

fn int(value: u32, seed: u32) -> u32 {
    finish(mix(seed, value), 4)
}

fn long(value: i64, seed: u32) -> u32 {
    finish(mix(mix(seed, value as u32), (value >> 32) as u32), 8)
}

/// Spark's `hashUnsafeBytes`: unlike the original, each byte behind the last word is mixed in as a word of its own, signed.
fn text_hash(text: &[u8], seed: u32) -> u32 {
    let (words, rest) = text.as_chunks::<4>();
    let hash = words.iter().fold(seed, |hash, word| mix(hash, u32::from_le_bytes(*word)));
    let hash = rest.iter().fold(hash, |hash, &byte| mix(hash, byte as i8 as u32));
    finish(hash, text.len() as u32)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, float, gives, input, int, list, rows, text, time, truth};
    use crate::expr::{Context, Node};

    /// What PySpark 4 gives.
    #[test]
    fn hashes_are_those_of_spark() {
        for (args, hash) in [
            (vec![text("")], "142593372"),
            (vec![text("1")], "1625004744"),
            (vec![text("用户")], "-1561789839"),
            (vec![text("abcdefghijk")], "731715327"),
            (vec![text("1"), text("2")], "1588253272"),
            (vec![text("1"), Node::null()], "1625004744"),
            (vec![list(&[Some("1"), Some("2")])], "1588253272"),
            (vec![int(1)], "-1712319331"),
            (vec![int(0)], "-1670924195"),
            (vec![float(1.0)], "-460888942"),
            (vec![float(0.0)], "-1670924195"),
            (vec![float(-0.0)], "-1670924195"),
            (vec![truth(Some(true))], "-559580957"),
            (vec![truth(None)], "42"),
            (vec![time(1_609_635_723_000_000)], "877470180"),
            (vec![time(-1_000)], "-993842656"),
            (vec![Node::null()], "42"),
        ] {
            assert_eq!(gives("hash", args), hash);
        }
        assert!(gives("hash", vec![]).contains("at least 1 argument"));
    }

    #[test]
    fn columns_of_the_input_are_text() {
        let (block, column) = input(&[Some("1"), None, Some("用户")]);
        let node = call("hash", vec![column], &Context::default()).unwrap();
        assert_eq!(rows(&node, &block), ["1625004744", "42", "-1561789839"]);
    }

    #[test]
    fn crc32_is_that_of_zlib() {
        assert_eq!(gives("crc32", vec![text("Spark")]), "1557323817");
        assert_eq!(gives("crc32", vec![text("")]), "0");
        assert_eq!(gives("crc32", vec![Node::null()]), "NULL");
    }
}
