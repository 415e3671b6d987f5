// Lua for redis-slices.ts. Every key is declared and locked by itself, so that on Upstash no script stops the database:
// https://upstash.com/docs/redis/features/key-locking
// KEYS of all three: geo, meta, codes, accounts, 16 shards of rows (by the last hex digit of the id); then the owners
// of territories, then the head, where a script needs them.

export const ROW_SHARDS = 16;
const FIRST_SHARD = 5;
const OWNERS = FIRST_SHARD + ROW_SHARDS;
const HEAD = OWNERS + 1;

const rowsKeyFunction = `
local function rowsKey(id) return KEYS[${FIRST_SHARD} + tonumber(string.sub(id, -1), 16)] end`;

/** `meta` keeps how much the sets should hold: one that was evicted would otherwise read like an empty one. */
const isWholeFunction = `
local function isWhole()
  local meta = redis.call('HMGET', KEYS[2], 'active', 'codes', 'accounts')
  return meta[1] and redis.call('ZCARD', KEYS[1]) == tonumber(meta[1])
    and redis.call('HLEN', KEYS[3]) == tonumber(meta[2]) and redis.call('HLEN', KEYS[4]) == tonumber(meta[3])
end`;

/** A name that its location gave up stays; who reads it sees by the row that it is not its name any more. */
const applyFunction = `
${rowsKeyFunction}
local function apply(first, seconds)
  for i = first, #ARGV do
    local id, lng, lat, active, code, account, row = unpack(cjson.decode(ARGV[i]))
    redis.call('HSET', rowsKey(id), id, row)
    if active == '1' then redis.call('GEOADD', KEYS[1], lng, lat, id) else redis.call('ZREM', KEYS[1], id) end
    redis.call('HSET', KEYS[3], code, id)
    if account ~= '' then redis.call('HSET', KEYS[4], account, id) end
  end
  redis.call('HSET', KEYS[2], 'active', redis.call('ZCARD', KEYS[1]), 'codes', redis.call('HLEN', KEYS[3]),
    'accounts', redis.call('HLEN', KEYS[4]))
  for i = 1, #KEYS do redis.call('EXPIRE', KEYS[i], seconds) end
end`;

/** ARGV: seconds to live, locations. */
export const applyLocationsScript = `#!lua flags=allow-key-locking
${applyFunction}
apply(2, ARGV[1])
return 1`;

/** ARGV: seconds to live, id of the head that is replaced or '', new head, changed locations. */
export const publishHeadScript = `#!lua flags=allow-key-locking
${isWholeFunction}
${applyFunction}
local held = redis.call('GET', KEYS[${HEAD}])
local heldId = ''
if held then
  local parsed, head = pcall(cjson.decode, held)
  heldId = parsed and type(head) == 'table' and head.id or ''
end
if heldId ~= ARGV[2] then return 0 end
if not isWhole() or redis.call('EXISTS', KEYS[${OWNERS}]) == 0 then return -1 end
redis.call('SET', KEYS[${HEAD}], ARGV[3])
apply(4, ARGV[1])
return 1`;

/**
 * ARGV: the ask as JSON. Widens the circle until it holds \`limit\`, or reaches \`reach\` with anybody inside, or is
 * everywhere: what a search costs grows with the points in its circle, not with its limit.
 */
export const readSliceScript = `#!lua flags=no-writes,allow-key-locking
${isWholeFunction}
${rowsKeyFunction}
if not isWhole() then return false end
local owned = redis.call('HGET', KEYS[${OWNERS}], '#')
if not owned or redis.call('HLEN', KEYS[${OWNERS}]) ~= tonumber(owned) then return false end
local ask = cjson.decode(ARGV[1])
local rows, seen = {}, {}
local function take(id, mustExist)
  if seen[id] then return true end
  local row = redis.call('HGET', rowsKey(id), id)
  if not row then return not mustExist end
  seen[id] = true
  rows[#rows + 1] = row
  return true
end
for _, name in ipairs(ask.names) do
  local ids = { redis.call('HGET', KEYS[3], name), redis.call('HGET', KEYS[4], name) }
  for i = 1, 2 do
    if ids[i] and not take(ids[i], true) then return false end
  end
  if string.match(name, '^%x+%-[%x%-]+%x$') then take(name, false) end
end
local territories = {}
for _, field in ipairs(ask.fields) do
  local text = field ~= '' and redis.call('HGET', KEYS[${OWNERS}], field)
  if text then
    territories[#territories + 1] = text
    for _, row in ipairs(cjson.decode(text)) do take(row[3], false) end
  end
end
if not ask.lng then return { rows, territories, '0', '' } end
local radius = ask.first
local found
while true do
  found = redis.call('GEOSEARCH', KEYS[1], 'FROMLONLAT', ask.lng, ask.lat, 'BYRADIUS', string.format('%.0f', radius), 'm',
    'ASC', 'COUNT', ask.limit, 'WITHDIST')
  if #found >= ask.limit or radius >= ask.everywhere or (radius >= ask.reach and #found > 0) then break end
  radius = radius < ask.reach and math.min(radius * 4, ask.reach) or math.min(radius * 4, ask.everywhere)
end
for _, entry in ipairs(found) do
  if not take(entry[1], true) then return false end
end
return { rows, territories, string.format('%.0f', radius), #found >= ask.limit and found[#found][2] or '' }`;
