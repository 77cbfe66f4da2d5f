#!lua name=ocs
-- The Function library of the charging store. It compares and moves octets; it never computes with amounts,
-- because a number of Lua loses digits above 2^53.

local FIXED = 4 -- keys before those of the states
local NOBODY = '-' -- who commits without being a holder; behind a holder's name: such have committed since
local NOTED = 1000 -- keys that are noted for a holder at most
local CHUNK = 7000 -- arguments in one call; Lua's stack ends at about 7,900

-- A call with many arguments after a key, in chunks. CHUNK is even, so that pairs stay together.
local function call_with_many(command, key, list, first, last)
  for from = first, last, CHUNK do
    redis.call(command, key, unpack(list, from, math.min(from + CHUNK - 1, last)))
  end
end

-- The versions of all states, in the order of the keys.
local function read_versions(keys, states)
  local versions, read = {}, 0
  local last = FIXED + states
  for from = FIXED + 1, last, CHUNK do
    local found = redis.call('MGET', unpack(keys, from, math.min(from + CHUNK - 1, last)))
    for i = 1, #found do
      local state = found[i]
      read = read + 1
      versions[read] = state and string.sub(state, 1, 8) or '\0\0\0\0\0\0\0\0'
    end
  end
  return versions
end

local function owner_of(owners, entity)
  return (struct.unpack('>I4', owners, 4 * entity - 3))
end

-- The change sets with a version that differs, as keys of a table and as a list.
local function find_conflicts(versions, expected, owners)
  local refused, list = {}, {}
  for i = 1, #versions do
    if versions[i] ~= string.sub(expected, 8 * i - 7, 8 * i) then
      local owner = owner_of(owners, i)
      if not refused[owner] then
        refused[owner] = true
        list[#list + 1] = owner
      end
    end
  end
  return refused, list
end

-- The part of the arguments that belongs to sets which are not refused: list, first and last index.
local function kept(args, first, count, width, refused, owners, entity)
  if not refused then
    return args, first, first + count * width - 1
  end
  local list, n = {}, 0
  for i = 0, count - 1 do
    if not refused[owner_of(owners, entity + i)] then
      for j = 0, width - 1 do
        n = n + 1
        list[n] = args[first + i * width + j]
      end
    end
  end
  return list, 1, n
end

local function write_plain(keys, args, first, count, refused, owners)
  local pairs_, n = {}, 0
  for i = 1, count do
    if not (refused and refused[owner_of(owners, i)]) then
      pairs_[n + 1] = keys[FIXED + i]
      pairs_[n + 2] = args[first + i - 1]
      n = n + 2
    end
  end
  for from = 1, n, CHUNK do
    redis.call('MSET', unpack(pairs_, from, math.min(from + CHUNK - 1, n)))
  end
end

local function write_lived(keys, args, first, count, refused, owners, entity)
  for i = 0, count - 1 do
    if not (refused and refused[owner_of(owners, entity + i)]) then
      redis.call('SET', keys[FIXED + entity + i], args[first + 2 * i], 'PX', args[first + 2 * i + 1])
    end
  end
end

local function write_index(command, keys, key_at, args, first, count, refused, owners, entity)
  for i = 0, count - 1 do
    if not (refused and refused[owner_of(owners, entity + i)]) then
      redis.call(command, keys[key_at + i], args[first + i])
    end
  end
end

-- Somebody who is no holder writes some states: their keys are noted for the holder, if they are not too many.
local function disturb(keys, states)
  local holder, noted = keys[3], keys[4]
  local name = redis.call('GET', holder) or NOBODY
  if name == NOBODY or states == 0 then
    return
  end
  if states > NOTED or redis.call('LLEN', noted) + states > NOTED then
    redis.call('SET', holder, NOBODY)
    redis.call('DEL', noted)
    return
  end
  if string.sub(name, -1) ~= NOBODY then
    redis.call('SET', holder, name .. NOBODY)
  end
  redis.call('RPUSH', noted, unpack(keys, FIXED + 1, FIXED + states))
end

-- A holder commits. Answers nothing where it committed last, the keys that were noted since it did, or -1 where
-- others may have written anything.
local function take_over(keys, committer)
  local holder, noted = keys[3], keys[4]
  local name = redis.call('GET', holder)
  if name == committer then
    return nil
  end
  local found = -1
  if name == committer .. NOBODY then
    found = redis.call('LRANGE', noted, 0, -1)
  end
  redis.call('SET', holder, committer)
  redis.call('DEL', noted)
  return found
end

-- One batch. KEYS: outbox, deadlines, holder, noted; the states that are set for good, those with a life, those only
-- compared; the indexes of opened and of closed sessions. ARGV: eight counts, the expected versions, the set that
-- each entity belongs to, who commits, then values; value and life; events; deadline and session; sessions without deadline;
-- opened; closed. Answers the list of the refused sets, and last what take_over answers.
local function commit(keys, args)
  if not string.find(keys[3], '^ocs:[^:]*:holder$') then
    return redis.error_reply('ERR another version of ocs_commit is here: update the server that calls it')
  end
  local plain, lived, compared, events, timed, untimed, opened, closed =
    struct.unpack('>I4I4I4I4I4I4I4I4', args[1])
  local states = plain + lived + compared
  local versions = read_versions(keys, states)
  local owners, refused, answer = args[3], nil, {}
  if table.concat(versions) ~= args[2] then
    refused, answer = find_conflicts(versions, args[2], owners)
  end

  if args[4] == NOBODY then
    disturb(keys, plain + lived)
  else
    answer[#answer + 1] = take_over(keys, args[4])
  end

  local at, entity = 5, 1
  write_plain(keys, args, at, plain, refused, owners)
  at, entity = at + plain, entity + plain
  write_lived(keys, args, at, lived, refused, owners, entity)
  at, entity = at + 2 * lived, entity + lived + compared
  call_with_many('RPUSH', keys[1], kept(args, at, events, 1, refused, owners, entity))
  at, entity = at + events, entity + events
  call_with_many('ZADD', keys[2], kept(args, at, timed, 2, refused, owners, entity))
  at, entity = at + 2 * timed, entity + timed
  call_with_many('ZREM', keys[2], kept(args, at, untimed, 1, refused, owners, entity))
  at, entity = at + untimed, entity + untimed
  write_index('SADD', keys, FIXED + 1 + states, args, at, opened, refused, owners, entity)
  at, entity = at + opened, entity + opened
  write_index('SREM', keys, FIXED + 1 + states + opened, args, at, closed, refused, owners, entity)
  return answer
end

-- KEYS: outbox, cursor. ARGV: the cursor the caller saw, count. Answers 1 trimmed, 0 somebody did, -1 too many.
local function outbox_trim(keys, args)
  if (redis.call('GET', keys[2]) or '0') ~= args[1] then
    return 0
  end
  if tonumber(args[2]) > redis.call('LLEN', keys[1]) then
    return -1
  end
  redis.call('LTRIM', keys[1], args[2], -1)
  redis.call('INCRBY', keys[2], args[2])
  return 1
end

-- KEYS: lease. ARGV: holder, life in milliseconds. Answers 1 where the holder has it now.
local function take_lease(keys, args)
  local holder = redis.call('GET', keys[1])
  if holder and holder ~= args[1] then
    return 0
  end
  redis.call('SET', keys[1], args[1], 'PX', args[2])
  return 1
end

redis.register_function('ocs_commit', commit)
redis.register_function('ocs_outbox_trim', outbox_trim)
redis.register_function('ocs_take_lease', take_lease)
redis.register_function{
  function_name = 'ocs_version',
  callback = function() return '@version@' end,
  flags = {'no-writes', 'allow-stale'},
}
