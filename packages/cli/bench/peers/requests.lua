-- The requests of a run: `ours` or `fastapi`, what is asked, how many products there are, and a token.
-- wrk -t1 -c64 -d6s -s requests.lua URL -- ours sale 1000 TOKEN
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local peer, what, products, salt
local headers = {}
local sent, wrong = 0, 0

function init(args)
  peer, what, products = args[1], args[2], tonumber(args[3])
  math.randomseed(os.time() + number)
  salt = os.time() .. "-" .. number .. "-" .. math.random(1e9)
  headers["Content-Type"] = "application/json"
  if args[4] then headers["Authorization"] = "Bearer " .. args[4] end
end

local function ours()
  if what == "product" then return wrk.format("GET", "/api/v1/products/p-" .. math.random(1, products), headers) end
  if what == "page" then return wrk.format("GET", "/api/v1/products?page=1&page_size=20", headers) end
  sent = sent + 1
  headers["Idempotency-Key"] = salt .. "-" .. sent
  local line = '{"kind":"sale","product":"p-%d","location":"shop","quantity":1}'
  return wrk.format("POST", "/api/v1/stock-movements", headers,
    '{"lines":[' .. string.format(line, math.random(1, products)) .. "]}")
end

local function fastapi()
  if what == "product" then return wrk.format("GET", "/products/" .. math.random(1, products), headers) end
  if what == "page" then return wrk.format("GET", "/products?page=1&page_size=20", headers) end
  return wrk.format("POST", "/checkout", headers,
    string.format('{"product_id":%d,"quantity":1}', math.random(1, products)))
end

function request()
  if peer == "ours" then return ours() end
  if peer == "fastapi" then return fastapi() end
  return wrk.format("GET", "/bare", headers)
end

function response(status, _, body)
  if status >= 300 and wrong < 3 then
    wrong = wrong + 1
    print("wrong: " .. status .. " " .. body)
  end
end
