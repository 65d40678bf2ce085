/** A replica ends with just what the buckets hold, whatever happened on the way. */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceError } from '../src/errors'
import { Feed, idOf } from './feed'
import type { Fault } from './server'
import { Phone, serve, shown, signedIn, type Tab, USER } from './world'

const buckets = fc.subarray(['a', 'b', 'c'] as const)
const step = fc.oneof(
  fc.record({ do: fc.constant('put' as const), entity: fc.integer({ min: 1, max: 4 }), buckets }),
  fc.record({ do: fc.constant('pull' as const) }),
  fc.record({ do: fc.constant('move' as const), buckets }),
  fc.record({ do: fc.constant('restore' as const) }),
  fc.record({ do: fc.constant('snap' as const), bucket: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ do: fc.constant('compact' as const) }),
  fc.record({ do: fc.constant('fail' as const), after: fc.nat(3) }),
  fc.record({ do: fc.constant('kill' as const), after: fc.nat(6), committed: fc.boolean() }),
)

/** A full disk is no reason for a replica to differ. */
function full(error: unknown): void {
  if (!(error instanceof DeviceError)) throw error
}

test('replicas converge after any history, cut or killed at any page', { timeout: 120_000 }, () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom<Fault>('none', 'lost', 'cut', 'broken', 'portal'), { maxLength: 9 }),
      async (steps, pageSize, weather) => {
        const phone = new Phone()
        const feed = new Feed(pageSize)
        serve(phone, feed)
        const other = await phone.open()
        let tab = await signedIn(phone)
        phone.server.faults.push(...weather)
        for (const each of steps) {
          if (each.do === 'put') feed.put(each.entity, each.buckets)
          else if (each.do === 'move') feed.allowed = new Set(each.buckets)
          else if (each.do === 'restore') feed.epoch += '!'
          else if (each.do === 'snap') feed.snap(each.bucket)
          else if (each.do === 'compact')
            await Promise.race([tab.client.replica.compact(true).catch(full), tab.dead])
          else if (each.do === 'fail') tab.failAt(each.after)
          else if (each.do === 'kill') tab.killAt(each.after, each.committed)
          else await Promise.race([tab.client.sync.pull(), tab.dead])
          if (tab.isDead) tab = await phone.open()
        }
        tab.kill()
        phone.server.faults.length = 0
        tab = await phone.open()
        await tab.client.sync.pull()
        expect(await shown(tab)).toEqual(feed.held())
        expect(await shown(other)).toEqual(feed.held())
        expect(await shown(await phone.open())).toEqual(feed.held())
        expect(phone.server.complaints).toEqual([])
        tab.kill()
      },
    ),
    {
      numRuns: 100,
      examples: [
        // The disk is full just when a restore is noticed.
        [[{ do: 'fail', after: 3 }, { do: 'restore' }, { do: 'pull' }], 1, []],
        // … or when the log is to be written anew.
        [
          [
            { do: 'put', entity: 1, buckets: ['a'] },
            { do: 'move', buckets: ['a'] },
            { do: 'pull' },
            { do: 'fail', after: 0 },
            { do: 'compact' },
          ],
          1,
          [],
        ],
      ],
    },
  ),
)

test('a change signalled by the server reaches the watchers of both tabs', async () => {
  const phone = new Phone()
  const feed = new Feed(10)
  serve(phone, feed)
  const [one, other] = [await signedIn(phone), await phone.open()]
  feed.put(1, ['a'])
  const seen = [one, other].map(
    ({ client }) => new Promise<void>((resolve) => client.replica.subscribe(['case'], resolve)),
  )
  one.signal()
  await Promise.all(seen)
  expect(await shown(other)).toEqual(feed.held())
  expect(one.client.status.value.last_sync).toBe(phone.clock.now())
})

test('a change of a case that is not held here tells the screen and fetches nothing', async () => {
  const phone = new Phone()
  serve(phone, new Feed(10))
  const tab = await signedIn(phone)
  await tab.client.sync.pull()
  const [asked, signals] = [phone.server.requests.length, tab.client.sync.signals.value]
  tab.signal(['cases'])
  expect(tab.client.sync.signals.value).toBe(signals + 1)
  expect(phone.server.requests).toHaveLength(asked)
  tab.signal(['cases', 'a'])
  await expect.poll(() => phone.server.requests.length).toBeGreaterThan(asked)
})

test('signing out wipes what others wrote', async () => {
  const phone = new Phone()
  const feed = new Feed(10)
  phone.server.pulled = (request) => feed.pull(request)
  feed.put(1, ['a'])
  const tab = await signedIn(phone)
  expect((await shown(tab)).size).toBe(1)
  await tab.client.session.signOut()
  expect((await shown(tab)).size).toBe(0)
})

test('a bucket of hundreds goes at once when the user may no longer see it', async () => {
  const phone = new Phone()
  const feed = new Feed(100)
  phone.server.pulled = (request) => feed.pull(request)
  feed.allowed = new Set(['a', 'b'])
  for (let entity = 1; entity <= 300; entity++) feed.put(entity, entity === 7 ? ['a', 'b'] : ['a'])
  const tab = await signedIn(phone)
  expect((await shown(tab)).size).toBe(300)
  feed.allowed = new Set(['b'])
  await tab.client.sync.pull()
  expect([...(await shown(tab)).keys()]).toEqual([idOf(7)])
})

async function withFeed(pageSize: number, buckets: string[]): Promise<[Phone, Feed, Tab]> {
  const phone = new Phone()
  const feed = new Feed(pageSize)
  feed.allowed = new Set(buckets)
  serve(phone, feed)
  return [phone, feed, await signedIn(phone)]
}

test('after a restore, what the server no longer has is gone here too', async () => {
  const [, feed, tab] = await withFeed(10, ['a'])
  feed.put(1, ['a'])
  feed.put(2, ['a'])
  await tab.client.sync.pull()
  feed.rows.delete('a 2')
  feed.epoch = 'epoch-2'
  await tab.client.sync.pull()
  expect([...(await shown(tab)).keys()]).toEqual([idOf(1)])
})

test('a bucket that came half and was withdrawn leaves nothing', async () => {
  const [phone, feed, tab] = await withFeed(1, ['a'])
  feed.put(1, ['b'])
  feed.put(2, ['b'])
  feed.allowed = new Set(['a', 'b'])
  phone.server.faults.push('none', 'lost')
  await tab.client.sync.pull()
  expect((await shown(tab)).size).toBe(1)
  feed.allowed = new Set(['a'])
  await tab.client.sync.pull()
  expect((await shown(tab)).size).toBe(0)
})

test('a cursor that the server does not know is given up for a whole pull', async () => {
  const [phone, feed, tab] = await withFeed(10, ['a'])
  feed.put(1, ['a'])
  await tab.client.sync.pull()
  feed.put(1, [])
  phone.server.unknownCursors = true
  await tab.client.sync.pull()
  expect((await shown(tab)).size).toBe(0)
})

test('a page that arrives after the user has left in another tab is not kept', async () => {
  const phone = new Phone()
  const feed = new Feed(1)
  feed.put(1, ['a'])
  feed.put(2, ['a'])
  const [tab, other] = [await phone.open(), await phone.open()]
  await tab.client.session.signIn(USER, 'password', '测试手机')
  await tab.client.sync.pull()
  phone.server.pulled = (request) => feed.pull(request)
  let left = Promise.resolve()
  phone.server.pullGate = async () => {
    left = other.client.session.signOut()
    await left
    await expect.poll(() => tab.client.vault.state.value.key).not.toBe('open')
  }
  await tab.client.sync.pull()
  await left
  expect((await shown(tab)).size).toBe(0)
})

test('a page that arrives after the user has left is not kept', async () => {
  const phone = new Phone()
  const feed = new Feed(1)
  feed.put(1, ['a'])
  feed.put(2, ['a'])
  const tab = await phone.open()
  let left = Promise.resolve()
  phone.server.pulled = (request) => {
    if (request.page !== null) left = tab.client.session.signOut()
    return feed.pull(request)
  }
  await tab.client.session.signIn(USER, 'password', '测试手机')
  await tab.client.sync.pull()
  await left
  expect((await shown(tab)).size).toBe(0)
})
