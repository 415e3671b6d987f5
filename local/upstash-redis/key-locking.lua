local declared = {}
for _, key in ipairs(KEYS) do declared[key] = true end
local real = redis
local function check(...)
  local known, keys = pcall(real.call, 'COMMAND', 'GETKEYS', ...)
  if not known then return end
  for _, key in ipairs(keys) do
    if not declared[key] then
      error({ err = "ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: " .. key })
    end
  end
end
local redis = setmetatable({
  call = function(...) check(...) return real.call(...) end,
  pcall = function(...) check(...) return real.pcall(...) end,
}, { __index = real })
