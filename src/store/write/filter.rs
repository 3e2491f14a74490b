//! A filter in memory that says of an identity "surely new" or "perhaps known".
//!
//! Blocked Bloom filter (Putze, Sanders, Singler: "Cache-, Hash- and Space-Efficient Bloom
//! Filters", 2007): all probes of a key fall into one cache line. It grows by layers, each
//! twice the size of all before, so that nothing has to be hashed again.

/// The two halves of an identity's digest.
pub type Key = (i64, i64);

/// Keys of the first layer.
const FIRST_CAPACITY: usize = 1 << 20;
/// Bits per key; with eight probes about 1 in 20,000 new keys is taken for a known one.
const BITS_PER_KEY: usize = 24;
const PROBES: u32 = 8;
const BLOCK_BITS: usize = 512;

struct Layer {
    blocks: Vec<[u64; 8]>,
    keys: usize,
    capacity: usize,
}

impl Layer {
    fn new(capacity: usize) -> Self {
        Layer {
            blocks: vec![[0; 8]; capacity * BITS_PER_KEY / BLOCK_BITS],
            keys: 0,
            capacity,
        }
    }

    /// The block of a key: its high half, spread over the blocks.
    fn block(&self, (high, _): Key) -> usize {
        ((high as u64 as u128 * self.blocks.len() as u128) >> 64) as usize
    }
}

/// Bits to probe within a block: nine each of the low half.
fn probes((high, low): Key) -> impl Iterator<Item = (usize, u64)> {
    let low = low as u64;
    (0..PROBES).map(move |n| {
        // Seven probes use up 63 bits; the eighth mixes the halves.
        let bit = if n < 7 {
            low >> (9 * n)
        } else {
            (low >> 32) ^ high as u64
        } & 511;
        ((bit >> 6) as usize, 1u64 << (bit & 63))
    })
}

/// The filter over all identities ever accepted.
pub struct Filter {
    layers: Vec<Layer>,
}

impl Filter {
    /// An empty filter with room for about `keys` before it grows.
    pub fn with_capacity(keys: usize) -> Self {
        Filter {
            layers: vec![Layer::new(keys.max(FIRST_CAPACITY))],
        }
    }

    /// False: the identity is surely new.
    pub fn may_contain(&self, key: Key) -> bool {
        self.layers.iter().any(|layer| {
            let block = &layer.blocks[layer.block(key)];
            probes(key).all(|(word, bit)| block[word] & bit != 0)
        })
    }

    /// Remembers an identity.
    pub fn insert(&mut self, key: Key) {
        if self.layers.last().is_none_or(|layer| layer.keys >= layer.capacity) {
            let all: usize = self.layers.iter().map(|layer| layer.capacity).sum();
            self.layers.push(Layer::new(all * 2));
        }
        if let Some(layer) = self.layers.last_mut() {
            let at = layer.block(key);
            for (word, bit) in probes(key) {
                layer.blocks[at][word] |= bit;
            }
            layer.keys += 1;
        }
    }
}
