// SPDX-License-Identifier: Apache-2.0
// A file compressor: LZ77 matches in a 32 KiB window, then canonical Huffman codes.
//   pack c INPUT OUTPUT     compresses
//   pack d INPUT OUTPUT     decompresses
//
// A packed file: "TPK1", the size and the CRC-32 of the original (little-endian u32 each), the
// code lengths of both alphabets (4 bits each), then tokens until the size is reached. Bits fill
// each byte from its lowest. A token is a literal byte or a match, a length and a distance; each of
// these two numbers is a symbol that tells its width in bits, followed by all bits but the top one.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  kWindow = 32768,
  kMinMatch = 3,
  kMaxMatch = kMinMatch + 1023,
  kChain = 48,  // earlier places to try for a match
  kHashBits = 14,
  kMaxCode = 15,
  kLiterals = 256,
  kSymbols = kLiterals + 11,  // literals, then the widths of a length
  kDistances = 16,            // the widths of a distance
  kHeader = 12,
};

typedef struct {
  uint8_t* bytes;
  size_t size;
} Buffer;

typedef struct {
  uint16_t length;  // 0: a literal
  uint16_t value;   // the literal or the distance
} Token;

static void die(const char* what, const char* why) {
  fprintf(stderr, "pack: %s: %s\n", what, why);
  exit(1);
}

static void* allocate(size_t count, size_t size) {
  void* block = calloc(count ? count : 1, size);
  if (!block) die("memory", "exhausted");
  return block;
}

static uint32_t crc32(const uint8_t* bytes, size_t size) {
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xEDB88320u ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < size; ++i) crc = table[(crc ^ bytes[i]) & 0xFF] ^ crc >> 8;
  return ~crc;
}

static int width_of(uint32_t value) {  // bits from the highest one down; value > 0
  int width = 0;
  for (; value; value >>= 1) ++width;
  return width;
}

// --- Huffman codes -------------------------------------------------------------------------------

// Sets each symbol's depth in a Huffman tree over the counts; returns the greatest depth.
static int tree_depths(const uint32_t* counts, int symbols, uint8_t* lengths) {
  uint64_t weight[2 * kSymbols];
  int parent[2 * kSymbols] = {0};
  int alive[kSymbols], alive_count = 0, nodes = symbols;
  for (int i = 0; i < symbols; ++i) {
    lengths[i] = 0;
    weight[i] = counts[i];
    if (counts[i]) alive[alive_count++] = i;
  }
  if (alive_count == 1) return lengths[alive[0]] = 1;
  while (alive_count > 1) {
    for (int take = 0; take < 2; ++take) {  // move the lightest node behind the rest
      int lightest = 0, last = alive_count - 1 - take;
      for (int i = 1; i <= last; ++i) {
        if (weight[alive[i]] < weight[alive[lightest]]) lightest = i;
      }
      int node = alive[lightest];
      alive[lightest] = alive[last];
      alive[last] = node;
    }
    int a = alive[alive_count - 1], b = alive[alive_count - 2];
    weight[nodes] = weight[a] + weight[b];
    parent[a] = parent[b] = nodes;
    alive[alive_count - 2] = nodes++;
    --alive_count;
  }
  int deepest = 0;
  for (int i = 0; i < symbols; ++i) {
    if (!counts[i]) continue;
    int depth = 0;
    for (int node = i; parent[node]; node = parent[node]) ++depth;
    lengths[i] = (uint8_t)depth;
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}

static void code_lengths(uint32_t* counts, int symbols, uint8_t* lengths) {
  // A tree too deep for 4-bit lengths becomes flatter as the counts come closer to each other.
  while (tree_depths(counts, symbols, lengths) > kMaxCode) {
    for (int i = 0; i < symbols; ++i) counts[i] = counts[i] ? counts[i] / 2 + 1 : 0;
  }
}

// Canonical codes: shorter ones first, equally long ones in the order of their symbols.
static void assign_codes(const uint8_t* lengths, int symbols, uint16_t* codes) {
  uint32_t next = 0;
  for (int length = 1; length <= kMaxCode; ++length, next <<= 1) {
    for (int i = 0; i < symbols; ++i) {
      if (lengths[i] == length) codes[i] = (uint16_t)next++;
    }
  }
}

// --- Compression ---------------------------------------------------------------------------------

typedef struct {
  Buffer out;
  size_t capacity;
  uint32_t bits;
  int bit_count;
} Writer;

static void put_byte(Writer* w, uint8_t byte) {
  if (w->out.size == w->capacity) {
    w->capacity = w->capacity ? w->capacity * 2 : 4096;
    w->out.bytes = realloc(w->out.bytes, w->capacity);
    if (!w->out.bytes) die("memory", "exhausted");
  }
  w->out.bytes[w->out.size++] = byte;
}

static void put_bits(Writer* w, uint32_t value, int count) {  // count <= 16
  w->bits |= value << w->bit_count;
  for (w->bit_count += count; w->bit_count >= 8; w->bit_count -= 8, w->bits >>= 8) {
    put_byte(w, (uint8_t)w->bits);
  }
}

static void put_code(Writer* w, uint16_t code, int length) {  // from its highest bit
  while (length-- > 0) put_bits(w, code >> length & 1, 1);
}

static void put_u32(Writer* w, uint32_t value) {
  for (int i = 0; i < 4; ++i) put_byte(w, (uint8_t)(value >> 8 * i));
}

static size_t match_length(const uint8_t* a, const uint8_t* b, size_t limit) {
  size_t n = 0;
  while (n < limit && a[n] == b[n]) ++n;
  return n;
}

static uint32_t hash_of(const uint8_t* bytes) {
  uint32_t word = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16;
  return word * 2654435761u >> (32 - kHashBits);
}

// Splits the input into tokens, always taking the longest match that the hash chains offer.
static size_t find_tokens(Buffer in, Token* tokens) {
  static int32_t head[1 << kHashBits], previous[kWindow];
  memset(head, -1, sizeof head);
  size_t count = 0, at = 0;
  while (at < in.size) {
    size_t limit = in.size - at < kMaxMatch ? in.size - at : kMaxMatch;
    size_t best = 0, distance = 0;
    if (limit >= kMinMatch) {
      int32_t place = head[hash_of(in.bytes + at)];
      for (int i = 0; i < kChain && place >= 0 && at - (size_t)place <= kWindow; ++i) {
        size_t length = match_length(in.bytes + place, in.bytes + at, limit);
        if (length > best) best = length, distance = at - (size_t)place;
        int32_t older = previous[place % kWindow];
        if (older >= place) break;  // overwritten by a place nearer than a window
        place = older;
      }
    }
    int is_match = best >= kMinMatch;
    tokens[count++] =
        is_match ? (Token){(uint16_t)best, (uint16_t)distance} : (Token){0, in.bytes[at]};
    for (size_t end = at + (is_match ? best : 1); at < end; ++at) {
      if (in.size - at < kMinMatch) continue;
      uint32_t hash = hash_of(in.bytes + at);
      previous[at % kWindow] = head[hash];
      head[hash] = (int32_t)at;
    }
  }
  return count;
}

static int length_symbol(Token token) {
  return kLiterals + width_of((uint32_t)token.length - kMinMatch + 1) - 1;
}

static void put_number(Writer* w, uint32_t value, uint16_t code, int code_length) {
  int extra = width_of(value) - 1;
  put_code(w, code, code_length);
  put_bits(w, value & ((1u << extra) - 1), extra);
}

static Buffer compress(Buffer in) {
  Token* tokens = allocate(in.size, sizeof *tokens);
  size_t token_count = find_tokens(in, tokens);

  uint32_t counts[kSymbols] = {0}, distance_counts[kDistances] = {0};
  for (size_t i = 0; i < token_count; ++i) {
    Token token = tokens[i];
    ++counts[token.length ? length_symbol(token) : token.value];
    if (token.length) ++distance_counts[width_of(token.value) - 1];
  }
  uint8_t lengths[kSymbols], distance_lengths[kDistances];
  uint16_t codes[kSymbols], distance_codes[kDistances];
  code_lengths(counts, kSymbols, lengths);
  code_lengths(distance_counts, kDistances, distance_lengths);
  assign_codes(lengths, kSymbols, codes);
  assign_codes(distance_lengths, kDistances, distance_codes);

  Writer w = {0};
  for (int i = 0; i < 4; ++i) put_byte(&w, (uint8_t)"TPK1"[i]);
  put_u32(&w, (uint32_t)in.size);
  put_u32(&w, crc32(in.bytes, in.size));
  for (int i = 0; i < kSymbols; ++i) put_bits(&w, lengths[i], 4);
  for (int i = 0; i < kDistances; ++i) put_bits(&w, distance_lengths[i], 4);
  for (size_t i = 0; i < token_count; ++i) {
    Token token = tokens[i];
    if (!token.length) {
      put_code(&w, codes[token.value], lengths[token.value]);
      continue;
    }
    int symbol = length_symbol(token), distance = width_of(token.value) - 1;
    put_number(&w, (uint32_t)token.length - kMinMatch + 1, codes[symbol], lengths[symbol]);
    put_number(&w, token.value, distance_codes[distance], distance_lengths[distance]);
  }
  put_bits(&w, 0, 7);  // flush the last byte
  free(tokens);
  return w.out;
}

// --- Decompression -------------------------------------------------------------------------------

typedef struct {
  Buffer in;
  size_t at;
  uint32_t bits;
  int bit_count;
  const char* error;
} Reader;

static uint32_t get_bits(Reader* r, int count) {  // count <= 16
  while (r->bit_count < count) {
    if (r->at == r->in.size) r->error = "ends too early";
    uint32_t byte = r->at < r->in.size ? r->in.bytes[r->at++] : 0;
    r->bits |= byte << r->bit_count;
    r->bit_count += 8;
  }
  uint32_t value = r->bits & ((1u << count) - 1);
  r->bits >>= count;
  r->bit_count -= count;
  return value;
}

static uint32_t get_u32(Reader* r) {
  uint32_t low = get_bits(r, 16);
  return low | get_bits(r, 16) << 16;
}

typedef struct {
  uint16_t counts[kMaxCode + 1];  // codes of each length
  uint16_t symbols[kSymbols];     // in the order of their codes
} Decoder;

static void read_decoder(Reader* r, Decoder* decoder, int symbols) {
  uint8_t lengths[kSymbols];
  memset(decoder, 0, sizeof *decoder);
  for (int i = 0; i < symbols; ++i) {
    lengths[i] = (uint8_t)get_bits(r, 4);
    if (lengths[i]) ++decoder->counts[lengths[i]];
  }
  int filled = 0;
  int32_t room = 1;  // codes still free
  for (int length = 1; length <= kMaxCode; ++length) {
    room = room * 2 - decoder->counts[length];
    if (room < 0) {
      r->error = "has impossible code lengths";
      return;
    }
    for (int i = 0; i < symbols; ++i) {
      if (lengths[i] == length) decoder->symbols[filled++] = (uint16_t)i;
    }
  }
}

static int get_symbol(Reader* r, const Decoder* decoder) {
  // `offset` is the distance from the first code of this length, `before` the symbols with
  // shorter codes.
  int offset = 0, before = 0;
  for (int length = 1; length <= kMaxCode; ++length) {
    offset = offset * 2 + (int)get_bits(r, 1);
    if (offset < decoder->counts[length]) return decoder->symbols[before + offset];
    offset -= decoder->counts[length];
    before += decoder->counts[length];
  }
  r->error = "holds an unknown code";
  return 0;
}

static uint32_t get_number(Reader* r, int width) { return 1u << width | get_bits(r, width); }

static Buffer decompress(Buffer in, const char* name) {
  Reader r = {.in = in, .at = 4};
  if (in.size < kHeader || memcmp(in.bytes, "TPK1", 4) != 0) die(name, "not a packed file");
  Buffer out = {.size = get_u32(&r)};
  uint32_t crc = get_u32(&r);
  // No token is shorter than one bit, and none gives more than kMaxMatch bytes.
  if (out.size / kMaxMatch / 8 > in.size) die(name, "claims an impossible size");
  out.bytes = allocate(out.size, 1);
  Decoder symbols, distances;
  read_decoder(&r, &symbols, kSymbols);
  read_decoder(&r, &distances, kDistances);
  for (size_t at = 0; at < out.size && !r.error;) {
    int symbol = get_symbol(&r, &symbols);
    if (symbol < kLiterals) {
      out.bytes[at++] = (uint8_t)symbol;
      continue;
    }
    size_t length = get_number(&r, symbol - kLiterals) + kMinMatch - 1;
    size_t distance = get_number(&r, get_symbol(&r, &distances));
    if (distance > at || length > out.size - at) {
      r.error = "holds an impossible match";
      break;
    }
    for (; length > 0; --length, ++at) out.bytes[at] = out.bytes[at - distance];
  }
  if (!r.error && crc32(out.bytes, out.size) != crc) r.error = "has a wrong checksum";
  if (r.error) die(name, r.error);
  return out;
}

// --- Files ---------------------------------------------------------------------------------------

static Buffer read_file(const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file) die(path, strerror(errno));
  Buffer buffer = {0};
  size_t capacity = 0;
  for (size_t n = 1; n > 0; buffer.size += n) {
    if (buffer.size == capacity) {
      capacity = capacity ? capacity * 2 : 65536;
      buffer.bytes = realloc(buffer.bytes, capacity);
      if (!buffer.bytes) die(path, "too large");
    }
    n = fread(buffer.bytes + buffer.size, 1, capacity - buffer.size, file);
  }
  if (ferror(file)) die(path, strerror(errno));
  fclose(file);
  return buffer;
}

static void write_file(const char* path, Buffer buffer) {
  FILE* file = fopen(path, "wb");
  if (!file) die(path, strerror(errno));
  size_t written = fwrite(buffer.bytes, 1, buffer.size, file);
  if (fclose(file) != 0 || written != buffer.size) die(path, strerror(errno));
}

int main(int argc, char** argv) {
  int compressing = argc == 4 && strcmp(argv[1], "c") == 0;
  if (!compressing && !(argc == 4 && strcmp(argv[1], "d") == 0)) {
    fputs("usage: pack c INPUT OUTPUT | pack d INPUT OUTPUT\n", stderr);
    return 2;
  }
  Buffer in = read_file(argv[2]);
  if (compressing && in.size > INT32_MAX) die(argv[2], "too large");
  Buffer out = compressing ? compress(in) : decompress(in, argv[2]);
  write_file(argv[3], out);
  printf("%zu -> %zu bytes\n", in.size, out.size);
  free(in.bytes);
  free(out.bytes);
  return 0;
}
