//! Frames: what the library hands to its caller.

use bytes::Bytes;

/// The fixed start of each frame, in little-endian byte order.
///
/// The header is followed by `json_length` bytes of UTF-8 JSON and then by
/// `bytes_length` raw bytes. Frames stand back to back without padding, so
/// copy the header out before reading its fields.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsbFrameHeader {
    /// The request that the frame belongs to.
    pub request: u32,
    /// What the frame is: one of `MsbFrameKind`.
    pub kind: u32,
    /// The handle that the operation made, or 0. The caller owns it and
    /// gives it back with `msb_release`.
    pub handle: u32,
    /// Length of the JSON part in bytes. 0 means that there is no JSON value.
    pub json_length: u32,
    /// Length of the raw part in bytes.
    pub bytes_length: u32,
}

/// What a frame says about its request.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MsbFrameKind {
    /// The request completed. The JSON is the operation's result.
    Result = 1,
    /// The request failed or was cancelled. The JSON is
    /// `{"code", "message", "details"}`; the bytes are what the operation had
    /// produced until then, where that means something.
    Error = 2,
    /// Something that the request produced before it completes.
    Event = 3,
}

/// Length of an encoded [`MsbFrameHeader`] in bytes.
pub const MSB_FRAME_HEADER_LENGTH: usize = 20;

/// A frame on its way to the caller.
#[derive(Debug)]
pub struct Frame {
    pub request: u32,
    pub kind: MsbFrameKind,
    pub handle: u32,
    pub json: Vec<u8>,
    pub bytes: Bytes,
}

impl Frame {
    /// The number of bytes that [`Frame::write_to`] fills.
    pub fn encoded_length(&self) -> usize {
        MSB_FRAME_HEADER_LENGTH + self.json.len() + self.bytes.len()
    }

    /// Whether the lengths can be told with the header's 32-bit fields.
    pub fn is_encodable(&self) -> bool {
        u32::try_from(self.encoded_length()).is_ok()
    }

    /// Encodes the frame into the start of `out`, which must have room for it.
    pub fn write_to(&self, out: &mut [u8]) {
        let fields = [
            self.request,
            self.kind as u32,
            self.handle,
            self.json.len() as u32,
            self.bytes.len() as u32,
        ];
        let (header, rest) = out.split_at_mut(MSB_FRAME_HEADER_LENGTH);
        for (slot, field) in header.chunks_exact_mut(4).zip(fields) {
            slot.copy_from_slice(&field.to_le_bytes());
        }
        let (json, rest) = rest.split_at_mut(self.json.len());
        json.copy_from_slice(&self.json);
        rest[..self.bytes.len()].copy_from_slice(&self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_its_header_its_json_and_its_bytes() {
        let frame = Frame {
            request: 0x0102_0304,
            kind: MsbFrameKind::Error,
            handle: 7,
            json: b"{}".to_vec(),
            bytes: Bytes::from_static(b"abc"),
        };
        let mut out = vec![0xff; frame.encoded_length() + 1];
        frame.write_to(&mut out);
        assert_eq!(out[..20], [4, 3, 2, 1, 2, 0, 0, 0, 7, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
        assert_eq!(&out[20..25], b"{}abc");
        assert_eq!(out[25], 0xff, "nothing is written behind the frame");
        assert_eq!(size_of::<MsbFrameHeader>(), MSB_FRAME_HEADER_LENGTH);
    }
}
