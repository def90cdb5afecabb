//! The pieces of sparse files: what lies between them are zeros that the tar does not hold.

use super::header::number;
use super::{BLOCK, pax};
use crate::error::{LayerError, Result};
use crate::limits::Limits;

/// A piece of a file that the tar holds, at its place in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub offset: u64,
    pub length: u64,
}

/// Pieces in one block that continues an old GNU header.
const PIECES_IN_BLOCK: usize = 21;

pub fn check_count(count: usize, max_pieces: usize) -> Result<()> {
    Limits::check(
        "maxSparsePieces",
        "the number of pieces of a sparse file",
        count as u64,
        max_pieces as u64,
    )
}

/// Reads the pieces of an old GNU header, and whether a block with more of them follows.
pub fn in_header(block: &[u8; BLOCK]) -> Result<(Vec<Piece>, u64, bool)> {
    let pieces = pieces(&block[386..482])?;
    let size = unsigned(&block[483..495], "size of a sparse file")?;
    Ok((pieces, size, block[482] != 0))
}

/// Reads the pieces of a block behind an old GNU header, and whether another one follows.
pub fn in_continuation(block: &[u8; BLOCK]) -> Result<(Vec<Piece>, bool)> {
    Ok((pieces(&block[..PIECES_IN_BLOCK * 24])?, block[504] != 0))
}

fn pieces(fields: &[u8]) -> Result<Vec<Piece>> {
    let mut found = Vec::new();
    for field in fields.chunks_exact(24) {
        // The first empty one ends the list.
        if field[0] == 0 && field[12] == 0 {
            break;
        }
        found.push(Piece {
            offset: unsigned(&field[..12], "offset of a piece")?,
            length: unsigned(&field[12..], "length of a piece")?,
        });
    }
    Ok(found)
}

fn unsigned(field: &[u8], name: &str) -> Result<u64> {
    u64::try_from(number(field, name)?)
        .map_err(|_| LayerError::corrupt(format!("has a negative {name}")))
}

/// Reads the map in front of a file's data that form 1.0 has: decimal numbers in lines.
#[derive(Default)]
pub struct MapReader {
    line: Vec<u8>,
    count: Option<u64>,
    numbers: Vec<u64>,
}

impl MapReader {
    /// Takes one block in, and says whether the map ends in it.
    pub fn read(&mut self, block: &[u8], max_pieces: usize) -> Result<bool> {
        let broken = || LayerError::corrupt("has a broken map of a sparse file");
        for &byte in block {
            if byte != b'\n' {
                self.line.push(byte);
                if self.line.len() > 20 {
                    return Err(broken());
                }
                continue;
            }
            let value = pax::decimal(&self.line).ok_or_else(broken)?;
            self.line.clear();
            match self.count {
                None => {
                    check_count(usize::try_from(value).unwrap_or(usize::MAX), max_pieces)?;
                    self.count = Some(value);
                }
                Some(_) => self.numbers.push(value),
            }
            if self.is_complete() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_complete(&self) -> bool {
        self.count.is_some_and(|count| self.numbers.len() as u64 == count * 2)
    }

    pub fn into_pieces(self) -> Vec<Piece> {
        let (pairs, _) = self.numbers.as_chunks::<2>();
        pairs.iter().map(|&[offset, length]| Piece { offset, length }).collect()
    }
}

/// Makes sure that pieces lie in order within the file, and that the tar holds all of them.
pub fn check(pieces: &[Piece], size: u64, stored: u64) -> Result<()> {
    let mut end = 0u64;
    let mut total = 0u64;
    for piece in pieces {
        let next = piece.offset.checked_add(piece.length);
        match next {
            Some(next) if piece.offset >= end && next <= size => end = next,
            _ => {
                return Err(LayerError::corrupt(
                    "is a sparse file whose pieces overlap or lie outside of it",
                ));
            }
        }
        total += piece.length; // No overflow: pieces do not overlap.
    }
    if total != stored {
        return Err(LayerError::corrupt(format!(
            "is a sparse file whose pieces have {total} bytes where the tar has {stored}"
        )));
    }
    Ok(())
}
