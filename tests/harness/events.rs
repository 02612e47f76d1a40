//! A stream, read frame by frame, by a reader that knows nothing of the server's own code.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::Response;
use serde_json::Value;

use crate::DEADLINE;

/// One block of a stream, up to its empty line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// `event`
    pub event: Option<String>,
    /// `id`
    pub id: Option<String>,
    /// `retry`
    pub retry: Option<String>,
    /// Lines of `data`, joined by line feeds.
    pub data: Option<String>,
    /// A comment's text.
    pub comment: Option<String>,
}

impl Frame {
    /// Reads one block, with the empty line at its end.
    pub(crate) fn parse(block: &str) -> Result<Self> {
        parse(block)
    }

    /// The data as JSON.
    ///
    /// # Errors
    ///
    /// If there is none, or it is no JSON.
    pub fn json(&self) -> Result<Value> {
        Ok(serde_json::from_str(self.data.as_deref().context("a frame with data")?)?)
    }
}

/// An open stream.
#[derive(Debug)]
pub struct Events {
    response: Response,
    buffer: Vec<u8>,
}

impl Events {
    /// Sends the request and expects a stream.
    ///
    /// # Errors
    ///
    /// If the answer is no stream.
    pub async fn open(request: reqwest::RequestBuilder) -> Result<Self> {
        let response = request.send().await?;
        if !response.status().is_success() {
            bail!("{}: {}", response.status(), response.text().await?);
        }
        Ok(Self { response, buffer: Vec::new() })
    }

    /// The answer's head.
    #[must_use]
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// The next frame, within the usual deadline.
    ///
    /// # Errors
    ///
    /// If none comes in time, or the stream ends.
    pub async fn next(&mut self) -> Result<Frame> {
        self.next_within(DEADLINE).await
    }

    /// The next frame.
    ///
    /// # Errors
    ///
    /// If none comes in time, or the stream ends.
    pub async fn next_within(&mut self, deadline: Duration) -> Result<Frame> {
        let frame = tokio::time::timeout(deadline, self.read_frame()).await;
        frame.with_context(|| format!("a frame within {deadline:?}"))?
    }

    /// The next event, past comments and frames that only move the cursor.
    ///
    /// # Errors
    ///
    /// If none comes in time, or the stream ends.
    pub async fn next_event(&mut self) -> Result<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.event.is_some() {
                return Ok(frame);
            }
        }
    }

    /// Waits for the stream's end, passing over frames.
    ///
    /// # Errors
    ///
    /// If it does not end in time, or breaks instead of ending.
    pub async fn end(mut self) -> Result<()> {
        let read = async {
            while self.response.chunk().await?.is_some() {}
            Ok(())
        };
        tokio::time::timeout(DEADLINE, read).await.context("the stream to end")?
    }

    async fn read_frame(&mut self) -> Result<Frame> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let rest = self.buffer.split_off(end + 2);
                let block = std::mem::replace(&mut self.buffer, rest);
                return parse(std::str::from_utf8(&block)?);
            }
            match self.response.chunk().await? {
                Some(chunk) => self.buffer.extend_from_slice(&chunk),
                None => bail!("the stream ended"),
            }
        }
    }
}

fn parse(block: &str) -> Result<Frame> {
    let mut frame = Frame::default();
    for line in block.trim_end_matches('\n').split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
        match field {
            "event" => frame.event = Some(value),
            "id" => frame.id = Some(value),
            "retry" => frame.retry = Some(value),
            "" => frame.comment = Some(value),
            "data" => match &mut frame.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(&value);
                }
                None => frame.data = Some(value),
            },
            _ => bail!("no field of an event stream: {line:?}"),
        }
    }
    Ok(frame)
}
