"""What readers of Bull queues have Redis do: many jobs in one script, each left as by a worker of Bull.

Bull keeps a queue in Redis under its prefix and name: ids in the lists `wait` (or `paused`; the next is the
last) and `active` and in the sorted sets `delayed`, `priority`, `completed` and `failed`, and each job as a
hash. A job that is worked on has a lock that runs out; the set `stalled` holds those that were active at the
last check and have not been heard of since. Every change is published, for who follows the queue's events.

Every script gets the queue's base (`bull:orders:`) as its only key and works out the others, as Bull's do.
"""

_COMMON = """
local call, base = redis.call, KEYS[1]
local active, stalled = base .. 'active', base .. 'stalled'

-- Where a job waits: in the other list while the queue is paused.
local function waiting()
  return call('EXISTS', base .. 'meta-paused') == 1 and base .. 'paused' or base .. 'wait'
end

-- Let a job wait behind those that came before it, or those that are more urgent.
local function enqueue(list, id, command)
  local priority = tonumber(call('HGET', base .. id, 'priority')) or 0
  if priority == 0 then
    call(command, list, id)
  else
    call('ZADD', base .. 'priority', priority, id)
    local before = call('ZCOUNT', base .. 'priority', 0, priority) - 1
    local other = call('LINDEX', list, call('LLEN', list) - before)
    if other then call('LINSERT', list, 'BEFORE', other, id) else call('RPUSH', list, id) end
  end
end

-- Whether the job was ours until now.
local function unlocked(id, token)
  local lock = base .. id .. ':lock'
  if call('GET', lock) ~= token then return false end
  call('DEL', lock)
  call('SREM', stalled, id)
  return true
end

local function removed(id) call('DEL', base .. id, base .. id .. ':logs') end
"""

CLAIM = (
    _COMMON
    + """
-- token, lock in ms, now in ms, at most so many jobs, bytes of data after which it is enough, longest data of
-- one: it is cut one byte after. Answers {id, name, data, opts, timestamp, attemptsMade, stacktrace} of each.
local token, lock, now = ARGV[1], ARGV[2], ARGV[3]
local enough, longest = tonumber(ARGV[5]), tonumber(ARGV[6])
local version = call('HGET', base .. 'meta', 'version')
if version and string.sub(version, 1, 6) == 'bullmq' then
  return redis.error_reply('OTHERKIND ' .. version)
end
local claimed, size = {}, 0
for _ = 1, tonumber(ARGV[4]) do
  if size >= enough then break end
  local id = call('RPOPLPUSH', base .. 'wait', active)
  if not id then
    if #claimed > 0 then call('PUBLISH', base .. 'drained', '') end
    break
  end
  local job = base .. id
  local fields = call('HMGET', job, 'name', 'data', 'opts', 'timestamp', 'attemptsMade', 'stacktrace')
  if fields[1] or fields[2] or fields[4] then
    call('SET', job .. ':lock', token, 'PX', lock)
    call('ZREM', base .. 'priority', id)
    call('PUBLISH', active .. '@' .. token, id)
    call('HSET', job, 'processedOn', now)
    local data = fields[2]
    if data and #data > longest then data = string.sub(data, 1, longest + 1) end
    size = size + (data and #data or 0)
    claimed[#claimed + 1] = {id, fields[1], data, fields[3], fields[4], fields[5], fields[6]}
  else
    -- Somebody has removed the job, and its id was left.
    call('LREM', active, 1, id)
  end
end
return claimed
"""
)

FINISH = (
    _COMMON
    + """
-- "completed" or "failed", token, now in ms, then of each job: id, return value or reason, how many finished
-- ones to keep (-1: all), of what age in s ('': of any). Answers how many were still ours.
local outcome, token, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local finished = base .. outcome
local field = outcome == 'completed' and 'returnvalue' or 'failedReason'

local function trim(count, age)
  if age then
    for _, id in ipairs(call('ZRANGEBYSCORE', finished, '-inf', now - age * 1000)) do removed(id) end
    call('ZREMRANGEBYSCORE', finished, '-inf', now - age * 1000)
  end
  if count and count > 0 then
    for _, id in ipairs(call('ZREVRANGE', finished, count, -1)) do removed(id) end
    call('ZREMRANGEBYRANK', finished, 0, -(count + 1))
  end
end

local ours, due = 0, nil
for at = 4, #ARGV, 4 do
  local id, value, count, age = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  -- What neighbours ask to be kept is the same mostly: looked after once for all of them.
  local wish = count .. ' ' .. age
  if due and due.wish ~= wish then
    trim(due.count, due.age)
    due = nil
  end
  if unlocked(id, token) and call('LREM', active, -1, id) > 0 and call('EXISTS', base .. id) == 1 then
    local debounced = call('HGET', base .. id, 'deid')
    local key = debounced and base .. 'de:' .. debounced
    if key and call('PTTL', key) <= 0 then call('DEL', key) end
    if count == '0' then
      removed(id)
    else
      -- Those that finish together stay in their order.
      call('ZADD', finished, string.format('%.4f', now + ours / 2048), id)
      call('HSET', base .. id, field, value, 'finishedOn', now)
      due = {wish = wish, count = tonumber(count), age = tonumber(age)}
    end
    call('PUBLISH', finished, cjson.encode({jobId = id, val = value}))
    ours = ours + 1
  end
end
if due then trim(due.count, due.age) end
return ours
"""
)

ATTEMPT = (
    _COMMON
    + """
-- An attempt has failed. token, then of each job: id, reason, attempts made, stack traces, and what is next:
-- "failed" (the caller finishes it), LPUSH or RPUSH (it waits again), or until when it is delayed, in ms.
local token = ARGV[1]
for at = 2, #ARGV, 5 do
  local id, reason, made, traces, next = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  if call('GET', base .. id .. ':lock') == token and call('EXISTS', base .. id) == 1 then
    call('HSET', base .. id, 'failedReason', reason, 'attemptsMade', made, 'stacktrace', traces)
    if next ~= 'failed' then
      unlocked(id, token)
      if call('LREM', active, -1, id) > 0 then
        if next == 'LPUSH' or next == 'RPUSH' then
          enqueue(waiting(), id, next)
        else
          -- The last bits keep the order of those that are due at the same time.
          local number = tonumber(id)
          local order = (number and number % 1 == 0) and number % 0x1000 or 0
          call('ZADD', base .. 'delayed', string.format('%.0f', tonumber(next) * 0x1000 + order), id)
          call('PUBLISH', base .. 'delayed', next)
        end
      end
    end
  end
end
"""
)

RELEASE = (
    _COMMON
    + """
-- Give back what nobody worked on, as if it had never been taken. token, then ids in the order of claiming.
local list = waiting()
for at = #ARGV, 2, -1 do
  local id = ARGV[at]
  if unlocked(id, ARGV[1]) and call('LREM', active, -1, id) > 0 and call('EXISTS', base .. id) == 1 then
    local priority = tonumber(call('HGET', base .. id, 'priority')) or 0
    if priority > 0 then call('ZADD', base .. 'priority', priority, id) end
    call('RPUSH', list, id)
    call('HDEL', base .. id, 'processedOn')
    call('PUBLISH', base .. 'waiting@' .. ARGV[1], id)
  end
end
"""
)

EXTEND = (
    _COMMON
    + """
-- Keep what is worked on. token, lock in ms, ids.
for at = 3, #ARGV do
  local lock = base .. ARGV[at] .. ':lock'
  if call('GET', lock) == ARGV[1] then
    call('PEXPIRE', lock, ARGV[2])
    call('SREM', stalled, ARGV[at])
  end
end
"""
)

REVIVE = (
    _COMMON
    + """
-- Let jobs wait again whose worker is gone. now in ms, and how long nobody else needs to check, in ms.
-- They are not counted: a job on its way when a process was killed has done nothing wrong, and Bull's own
-- workers give up one that was counted twice.
if not call('SET', base .. 'stalled-check', ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
local suspects, revived, list = call('SMEMBERS', stalled), 0, waiting()
call('DEL', stalled)
for _, id in ipairs(suspects) do
  if call('EXISTS', base .. id .. ':lock') == 0 and call('LREM', active, 1, id) > 0 then
    call('RPUSH', list, id)
    call('PUBLISH', stalled .. '@', id)
    revived = revived + 1
  end
end
local now_active = call('LRANGE', active, 0, -1)
for from = 1, #now_active, 5000 do
  call('SADD', stalled, unpack(now_active, from, math.min(from + 4999, #now_active)))
end
return revived
"""
)

PROMOTE = (
    _COMMON
    + """
-- Let delayed jobs wait whose time has come. token, now in ms.
local list, latest = waiting(), tonumber(ARGV[2]) * 0x1000
for _, id in ipairs(call('ZRANGEBYSCORE', base .. 'delayed', 0, latest, 'LIMIT', 0, 1000)) do
  call('ZREM', base .. 'delayed', id)
  call('LREM', active, 0, id)
  enqueue(list, id, 'LPUSH')
  call('HSET', base .. id, 'delay', 0)
  call('PUBLISH', base .. 'waiting@' .. ARGV[1], id)
end
"""
)
