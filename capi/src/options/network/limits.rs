//! How much traffic passes.

use boundary::check::{MAX_SAFE_INTEGER, in_range, invalid};
use boundary::error::Error;
use microsandbox_types::{NetworkRateLimiterConfig, RateLimiterConfig, TokenBucketConfig};
use serde::{Deserialize, Serialize};

/// How much traffic passes in each direction. Default: without limit.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimits {
    /// What the guest sends. Default: without limit.
    pub egress: Option<RateLimit>,
    /// What the guest receives. Default: without limit.
    pub ingress: Option<RateLimit>,
}

/// How much traffic passes in one direction, in bytes, packets or both.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// Limits bytes. Default: without limit.
    pub bytes: Option<TokenBucket>,
    /// Limits packets. Default: without limit.
    pub packets: Option<TokenBucket>,
}

/// How many bytes or packets pass in which time.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenBucket {
    /// How many pass at once, and in each `refillTimeMs`.
    pub size: i64,
    /// Milliseconds after which as many may pass again; the allowance grows
    /// steadily meanwhile.
    pub refill_time_ms: i64,
    /// How many more pass once, at the start. Default: 0.
    pub one_time_burst: Option<i64>,
}

impl RateLimits {
    pub fn to_core(&self) -> Result<NetworkRateLimiterConfig, Error> {
        if self.egress.is_none() && self.ingress.is_none() {
            return Err(invalid("network.rateLimits", "it limits nothing, so give egress or ingress"));
        }
        let limit = |name: &str, limit: &Option<RateLimit>| {
            limit.as_ref().map(|limit| limit.to_core(&format!("network.rateLimits.{name}"))).transpose()
        };
        Ok(NetworkRateLimiterConfig {
            egress: limit("egress", &self.egress)?,
            ingress: limit("ingress", &self.ingress)?,
        })
    }

    pub fn from_core(config: &NetworkRateLimiterConfig) -> Self {
        Self {
            egress: config.egress.as_ref().map(RateLimit::from_core),
            ingress: config.ingress.as_ref().map(RateLimit::from_core),
        }
    }
}

impl RateLimit {
    fn to_core(&self, path: &str) -> Result<RateLimiterConfig, Error> {
        if self.bytes.is_none() && self.packets.is_none() {
            return Err(invalid(path, "it limits nothing, so give bytes or packets"));
        }
        let bucket = |name: &str, bucket: &Option<TokenBucket>| {
            bucket.as_ref().map(|bucket| bucket.to_core(&format!("{path}.{name}"))).transpose()
        };
        Ok(RateLimiterConfig {
            bandwidth: bucket("bytes", &self.bytes)?,
            ops: bucket("packets", &self.packets)?,
        })
    }

    fn from_core(config: &RateLimiterConfig) -> Self {
        Self {
            bytes: config.bandwidth.as_ref().map(TokenBucket::from_core),
            packets: config.ops.as_ref().map(TokenBucket::from_core),
        }
    }
}

impl TokenBucket {
    fn to_core(&self, path: &str) -> Result<TokenBucketConfig, Error> {
        let number = |name: &str, value: i64, least: i64| {
            in_range(&format!("{path}.{name}"), value, least..=MAX_SAFE_INTEGER)
        };
        Ok(TokenBucketConfig {
            size: number("size", self.size, 1)?,
            refill_time_ms: number("refillTimeMs", self.refill_time_ms, 1)?,
            one_time_burst: number("oneTimeBurst", self.one_time_burst.unwrap_or(0), 0)?,
        })
    }

    fn from_core(config: &TokenBucketConfig) -> Self {
        Self {
            size: config.size as i64,
            refill_time_ms: config.refill_time_ms as i64,
            one_time_burst: (config.one_time_burst > 0).then_some(config.one_time_burst as i64),
        }
    }
}
