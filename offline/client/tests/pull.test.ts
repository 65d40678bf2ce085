/** Files, checksums, limits: what a first pull goes through. */

import { expect, test } from 'vitest'
import { Feed, idOf } from './feed'
import { Phone, serve, shown, signedIn, type Tab } from './world'

function town(documents: number): { phone: Phone; feed: Feed } {
  const phone = new Phone()
  const feed = new Feed(500)
  feed.allowed = new Set(['user:1', 'grid:1'])
  serve(phone, feed)
  for (let entity = 1; entity <= documents; entity++) feed.put(entity, ['grid:1'])
  feed.snap('grid:1')
  return { phone, feed }
}

const asked = ({ server }: Phone, line: string): number =>
  server.requests.filter((each) => each.startsWith(line)).length

test('a large bucket comes as a file, and what changed since from the pages', async () => {
  const { phone, feed } = town(3000)
  feed.put(7, [])
  feed.put(8, ['grid:1'])
  feed.put(3001, ['grid:1', 'user:1'])
  const tab = await signedIn(phone)
  expect(await shown(tab)).toEqual(feed.held())
  expect(asked(phone, 'GET /sync/snapshots')).toBe(1)
  expect(tab.client.replica.state.value).toEqual({ ready: true, progress: null, trouble: null })
  expect(tab.client.replica.find('case', '2999')).toHaveLength(1)
  expect(tab.client.replica.find('case', '路灯 299', 5)).toHaveLength(5)
})

test('small buckets are here, and the progress shown, before a file has come', async () => {
  const { phone, feed } = town(3000)
  feed.put(3001, ['user:1'])
  const tab = await phone.open()
  const seen: { documents: number; cases: number }[] = []
  tab.client.replica.state.subscribe(({ progress }) => {
    if (progress?.first)
      seen.push({ ...progress, cases: tab.client.replica.documents('case').length })
  })
  await tab.client.session.signIn('01890000-0000-7000-8000-0000000000a1', 'password', '测试手机')
  await tab.client.sync.pull()
  expect(seen[0]).toMatchObject({ documents: 1, cases: 1 })
  expect(seen.at(-1)).toMatchObject({ documents: 3001, cases: 3001 })
  const last = seen.at(-1) as unknown as { bytes: number; bytes_total: number }
  expect(last.bytes).toBe(last.bytes_total)
})

test.for([
  ['gone', () => new Uint8Array()],
  ['cut', (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, bytes.length / 2)],
  ['of something else', () => new TextEncoder().encode('<html>登录</html>')],
] as const)('a file that is %s is done without', async ([what, how]) => {
  const { phone, feed } = town(600)
  if (what === 'gone') phone.server.file = () => null
  else feed.damage('grid:1', how)
  const tab = await signedIn(phone)
  expect(await shown(tab)).toEqual(feed.held())
})

test('cht-core #2394: a first pull that was cut does not begin with nothing', async () => {
  const { phone, feed } = town(600)
  feed.allowed.add('grid:2')
  for (let entity = 601; entity <= 1200; entity++) feed.put(entity, ['grid:2'])
  feed.snap('grid:2')
  let cut = true
  phone.server.file = (id) => {
    if (cut && id.startsWith('grid:2')) throw new TypeError('network')
    return feed.file(id)
  }
  const tab = await signedIn(phone)
  expect((await shown(tab)).size).toBe(600)
  tab.kill()
  phone.server.complaints.length = 0
  cut = false
  feed.put(5, [])
  const next = await phone.open()
  await next.client.sync.pull()
  expect(await shown(next)).toEqual(feed.held())
  expect(asked(phone, 'GET /sync/snapshots/grid:1')).toBe(1)
})

test('more than the device may hold is refused whole, in words, and not asked for each minute', async () => {
  const { phone, feed } = town(10)
  phone.server.holding = { ...phone.server.holding, limit: 20 }
  const tab = await signedIn(phone)
  const before = await shown(tab)
  expect(before.size).toBe(10)
  for (let entity = 11; entity <= 2000; entity++) feed.put(entity, ['user:1'])
  await tab.client.sync.pull()
  expect(await shown(tab)).toEqual(before)
  expect(tab.client.replica.state.value.trouble).toContain('超过本机允许的 20 份')
  const pulls = asked(phone, 'POST /sync/pull')
  await tab.client.sync.pull()
  expect(asked(phone, 'POST /sync/pull')).toBe(pulls)
  tab.kill()
  const next = await phone.open()
  next.online = false
  expect(await shown(next)).toEqual(before)
})

test('a bucket whose checksum differs comes fresh; what differs twice is said', async () => {
  const { phone, feed } = town(20)
  feed.put(21, ['user:1'])
  feed.put(22, ['user:1'])
  let tab = await signedIn(phone)
  feed.rows.delete('user:1 22') // lost without a tombstone
  tab.kill()
  tab = await phone.open()
  await tab.client.sync.pull()
  expect(await shown(tab)).toEqual(feed.held())
  expect(tab.client.replica.state.value.trouble).toBeNull()

  phone.server.pulled = (request) => {
    const answer = feed.pull(request)
    return { ...answer, checksums: answer.checksums && { 'grid:1': 'no' } }
  }
  const odd = await phone.open()
  await odd.client.sync.pull()
  expect(odd.client.replica.state.value.trouble).toContain('核对不一致')
})

test('a disk that fails in the middle of a write keeps nothing of it, in memory either', async () => {
  const { phone, feed } = town(20)
  const tab = await signedIn(phone)
  const before = await shown(tab)
  feed.put(21, ['grid:1'])
  tab.failAt(0)
  await tab.client.sync.pull()
  expect(await shown(tab)).toEqual(before)
  expect(await shown(await phone.open())).toEqual(before)
  expect(tab.client.replica.state.value.trouble).toBe('满了')
  await tab.client.sync.pull()
  expect(await shown(tab)).toEqual(feed.held())
})

test(
  'many small pulls are written together, while another tab reads on',
  { timeout: 60_000 },
  async () => {
    const { phone, feed } = town(50)
    const [tab, other] = [await signedIn(phone), await phone.open()] as [Tab, Tab]
    await shown(other)
    for (let round = 0; round < 205; round++) {
      feed.put(1 + (round % 50), ['grid:1'])
      await tab.client.sync.pull()
    }
    const blocks = JSON.parse(await phone.raw('blocks')) as unknown[][]
    expect(blocks[0]?.length).toBeLessThan(220)
    expect(await shown(other)).toEqual(feed.held())
    expect(await shown(await phone.open())).toEqual(feed.held())
  },
)

test('a search finds what was changed since, and not what is gone', async () => {
  const { phone, feed } = town(40)
  const tab = await signedIn(phone)
  const found = (words: string): unknown[] =>
    tab.client.replica.find('case', words).map((each) => (each as { id: string }).id)
  expect(found('灯 17')).toEqual([idOf(17)])
  feed.put(17, [])
  feed.put(41, ['grid:1'])
  await tab.client.sync.pull()
  expect(found('灯 17')).toEqual([])
  expect(found('41 路')).toEqual([idOf(41)])
  expect(found(' ')).toEqual([])
})

test('what is not here yet is found by the same words as what is', async () => {
  const tab = await signedIn(town(1).phone)
  const { replica } = tab.client
  const [held] = replica.documents('case')
  for (const words of ['路灯', '1 路', 'xyz'])
    expect(replica.matches('case', held, words)).toBe(replica.find('case', words).length > 0)
})
