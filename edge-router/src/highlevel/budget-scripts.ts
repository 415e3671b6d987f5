// Lua for redis-budgets.ts: what rules/budget.ts says, in one step for all isolates. A test runs both side by side.
// KEYS: slots (a sorted set: calls by when their slot is free), state (a hash). Both belong to one company or one
// sub-account. The clock is the caller's, and never goes back.

const SHARED = `#!lua flags=allow-key-locking
local slots, state = KEYS[1], KEYS[2]
local function read(field, otherwise) return tonumber(redis.call('HGET', state, field) or otherwise) end
local now = math.max(tonumber(ARGV[1]), read('clock', 0))
local guard = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
local function keepSlots()
  local last = tonumber(redis.call('ZRANGE', slots, -1, -1, 'WITHSCORES')[2])
  redis.call('PEXPIRE', slots, math.max(1, math.ceil(last - now)))
end`;

/**
 * ARGV: now, guard, id, 1 for interactive, hold, waiting, max, interval, daily, bulk percent, wanted for (ms, from now).
 * Answers [1] or [0, ms to wait, reason].
 */
export const takeSlotScript = `${SHARED}
local id, interactive, hold, waiting = ARGV[3], ARGV[4] == '1', tonumber(ARGV[5]), tonumber(ARGV[6])
local max, interval, daily = read('max', ARGV[7]), read('interval', ARGV[8]), read('daily', ARGV[9])
local used, dayEnds = read('used', 0), read('dayEnds', 0)
if now >= dayEnds then
  used, dayEnds = 0, (math.floor(now / 86400000) + 1) * 86400000
end
redis.call('HSET', state, 'clock', now, 'used', used, 'dayEnds', dayEnds)
redis.call('EXPIRE', state, 90000)
local blocked = read('blocked', 0)
if blocked > now then return {0, blocked - now, 'blocked'} end
if used >= daily then return {0, dayEnds - now, 'daily'} end
local room = max
if not interactive then
  local wanted = read('wantedUntil', 0) > now and read('wanted', 0) or 0
  room = math.max(1, math.floor(max * tonumber(ARGV[10]) / 100) - wanted)
end
local count = redis.call('ZCARD', slots)
if count < room then
  redis.call('ZADD', slots, now + hold + interval + guard, id)
  keepSlots()
  redis.call('HSET', state, 'used', used + 1)
  if interactive then redis.call('HSET', state, 'wanted', waiting - 1) end
  return {1}
end
if interactive then redis.call('HSET', state, 'wanted', waiting, 'wantedUntil', now + tonumber(ARGV[11])) end
local freeAt = tonumber(redis.call('ZRANGE', slots, count - room, count - room, 'WITHSCORES')[2] or now)
return {0, math.max(1, math.min(freeAt - now, interval + guard)), 'burst'}`;

/**
 * ARGV: now, guard, id, max, interval, daily (all three as learned before, or as documented), 1 when answered 429,
 * pause for a used-up day; then, where the answer told: max, remaining, interval, daily limit or '', daily remaining
 * or ''.
 */
export const settleSlotScript = `${SHARED}
local id, limited, dailyPause = ARGV[3], ARGV[7] == '1', tonumber(ARGV[8])
local max, interval, daily = read('max', ARGV[4]), read('interval', ARGV[5]), read('daily', ARGV[6])
local counted, dailyRemaining = 0, nil
if ARGV[9] then
  max, interval, daily = tonumber(ARGV[9]), tonumber(ARGV[11]), tonumber(ARGV[12]) or daily
  counted, dailyRemaining = max - tonumber(ARGV[10]), tonumber(ARGV[13])
  redis.call('HSET', state, 'max', max, 'interval', interval, 'daily', daily)
end
local freeAt = now + interval + guard
redis.call('ZADD', slots, freeAt, id)
for other = redis.call('ZCARD', slots), counted - 1 do redis.call('ZADD', slots, freeAt, id .. ':' .. other) end
local pause = 0
if dailyRemaining == 0 then pause = dailyPause elseif limited then pause = interval end
if pause > 0 then redis.call('HSET', state, 'blocked', math.max(read('blocked', 0), now + pause)) end
if dailyRemaining then redis.call('HSET', state, 'used', math.max(0, daily - dailyRemaining)) end
redis.call('HSET', state, 'clock', now)
redis.call('EXPIRE', state, 90000)
keepSlots()
return 1`;
