//! Moving the bytes of a file between this machine and the agent in a guest.
//!
//! Each chunk is an exchange of its own that is taken or sent to its end, so
//! that the connection is free for others while a caller thinks about what it
//! got. Agents that can take raw records, beside the messages that everything
//! else is said with, and for which a chunk is worth that, get them.

use bytes::{Bytes, BytesMut};
use microsandbox::AgentClient;
use microsandbox::protocol::bulk::{
    BulkAccepted, BulkCancel, BulkCredit, BulkFlow, BulkKind, BulkOffer, BulkRecord, BulkSendState,
    BulkStateError,
};
use microsandbox::protocol::fs::{FsData, FsOp, FsRequest};
use microsandbox::protocol::message::{Message, MessageType};
use microsandbox_agent_client::AgentFrame;
use tokio::sync::mpsc::Receiver;

use super::answers::{answer, broken, decode, lost, unexpected};
use super::failure::Failure;

/// Below this, asking for raw records takes longer than they save. It is what
/// the core has found.
const RAW_MINIMUM: usize = 16 * 1024;

/// Reads `length` bytes, or fewer where the file ends.
pub async fn read(
    agent: &AgentClient,
    handle: u64,
    offset: u64,
    length: usize,
) -> Result<Bytes, Failure> {
    let op = FsOp::Read { handle, offset, len: Some(length as u64) };
    // The window that is offered is larger than a chunk, so that the agent
    // never waits for more credit.
    let bulk = takes_raw(agent, length).then(BulkOffer::filesystem_read);
    let mut frames = begin(agent, op, bulk).await?.1;
    let mut bytes = BytesMut::with_capacity(length);
    while let Some(frame) = frames.recv().await {
        match frame {
            AgentFrame::Bulk(record) => bytes.extend_from_slice(&record.payload),
            AgentFrame::Control(message) => match message.t {
                MessageType::FsData => {
                    bytes.extend_from_slice(&decode::<FsData>(&message)?.data);
                }
                MessageType::BulkAccepted | MessageType::BulkFinish => {}
                _ => return end(&message).map(|()| bytes.freeze()),
            },
        }
        // The guest is not trusted to send what it was asked for.
        if bytes.len() > length {
            return Err(unexpected("more bytes than were asked for"));
        }
    }
    Err(lost())
}

/// Writes all bytes.
pub async fn write(
    agent: &AgentClient,
    handle: u64,
    offset: u64,
    bytes: Bytes,
) -> Result<(), Failure> {
    let op = FsOp::Write { handle, offset, len: Some(bytes.len() as u64) };
    let bulk = takes_raw(agent, bytes.len()).then(BulkOffer::filesystem_write);
    let (id, mut frames) = begin(agent, op, bulk).await?;
    match bulk {
        Some(_) => send_raw(agent, id, &mut frames, bytes).await?,
        None => {
            for data in [bytes.to_vec(), Vec::new()] {
                agent.send(id, MessageType::FsData, &FsData { data }).await.map_err(broken)?;
            }
        }
    }
    end(&next(&mut frames).await?)
}

/// Sends bytes as records, no faster than the agent gives credit for.
async fn send_raw(
    agent: &AgentClient,
    id: u32,
    frames: &mut Receiver<AgentFrame>,
    mut bytes: Bytes,
) -> Result<(), Failure> {
    let accepted: BulkAccepted = expect(frames, MessageType::BulkAccepted).await?;
    let mut state = BulkSendState::new(
        BulkKind::Filesystem,
        BulkFlow::HostToGuest,
        accepted.max_record_payload,
        accepted.host_to_guest_credit_limit,
    )
    .map_err(out_of_step)?;
    while !bytes.is_empty() {
        while state.available_credit() == 0 {
            let credit: BulkCredit = expect(frames, MessageType::BulkCredit).await?;
            state.apply_credit(credit).map_err(out_of_step)?;
        }
        let credit = usize::try_from(state.available_credit()).unwrap_or(usize::MAX);
        let length = bytes.len().min(state.max_record_payload() as usize).min(credit);
        let payload = bytes.split_to(length);
        let offset = state.admit(length).map_err(out_of_step)?;
        let (kind, flow) = (BulkKind::Filesystem, BulkFlow::HostToGuest);
        let record = BulkRecord { id, kind, flow, offset, payload };
        agent.send_bulk(record).await.map_err(broken)?;
    }
    let finish = state.finish().map_err(out_of_step)?;
    agent.send(id, MessageType::BulkFinish, &finish).await.map_err(broken)
}

fn takes_raw(agent: &AgentClient, length: usize) -> bool {
    length > RAW_MINIMUM && agent.supports(MessageType::BulkAccepted)
}

async fn begin(
    agent: &AgentClient,
    op: FsOp,
    bulk: Option<BulkOffer>,
) -> Result<(u32, Receiver<AgentFrame>), Failure> {
    let request = FsRequest { op, bulk };
    agent.stream_frames(MessageType::FsRequest, &request).await.map_err(broken)
}

/// The next message that is not about credit.
async fn next(frames: &mut Receiver<AgentFrame>) -> Result<Message, Failure> {
    loop {
        match frames.recv().await {
            Some(AgentFrame::Control(message)) if message.t == MessageType::BulkCredit => {}
            Some(AgentFrame::Control(message)) => return Ok(message),
            Some(AgentFrame::Bulk(_)) => return Err(unexpected("bytes that nobody asked for")),
            None => return Err(lost()),
        }
    }
}

/// The next message, which has to be of this type unless it is a refusal.
async fn expect<T: serde::de::DeserializeOwned>(
    frames: &mut Receiver<AgentFrame>,
    expected: MessageType,
) -> Result<T, Failure> {
    match frames.recv().await {
        Some(AgentFrame::Control(message)) if message.t == expected => decode(&message),
        Some(AgentFrame::Control(message)) => {
            end(&message)?;
            Err(unexpected("an end before everything was sent"))
        }
        Some(AgentFrame::Bulk(_)) => Err(unexpected("bytes that nobody asked for")),
        None => Err(lost()),
    }
}

/// What the last message of an exchange says.
fn end(message: &Message) -> Result<(), Failure> {
    if message.t != MessageType::BulkCancel {
        return answer(message).map(drop);
    }
    let cancel: BulkCancel = decode(message)?;
    Err(Failure::from_agent(&cancel.message))
}

fn out_of_step(error: BulkStateError) -> Failure {
    unexpected(&error.to_string())
}
