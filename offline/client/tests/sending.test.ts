/** What goes first, what waits for what, and what may go over which network. */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { planOf } from '../src/chain'
import type { OutboxRecord } from '../src/records'
import { deliverAll, Phone, report, signedIn, type Tab } from './world'

const states = ({ client }: Tab): string[] => client.outbox.items.value.map(({ state }) => state)

function act(tab: Tab, about: string, opinion = ''): Promise<string> {
  const payload = { case: about, action: 'handle', opinion }
  return tab.client.outbox.submit('case.act', payload, { bases: { [about]: 3 } })
}

test('urgent reports go first, with what they build on; photos after all commands', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const plain = await report(tab.client, { sizes: [900] })
  const long: string[] = []
  for (let n = 0; n < 3; n++)
    long.push(await act(tab, tab.client.outbox.newId(), 'x'.repeat(200_000)))
  const base = await report(tab.client)
  const urgent = await report(tab.client, { urgent: true, after: [base.id], sizes: [1_500] })
  tab.online = true
  await tab.client.sync.flush(true)
  const place = (id: string): number => phone.server.arrived.indexOf(id)
  expect(place(base.id)).toBeLessThan(place(urgent.id))
  expect(place(urgent.id)).toBeLessThan(place(long[2] ?? ''))
  const uploads = phone.server.requests.indexOf('POST /uploads')
  expect(phone.server.requests.slice(uploads)).not.toContain('POST /sync/push')
  expect(phone.server.announced).toEqual([...urgent.photos.keys(), ...plain.photos.keys()])
})

test('photos that show the oldest case go first, then the smallest', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const oldest = await report(tab.client, { sizes: [3_000, 2_000, 500], first: 2 })
  phone.clock.advance(1_000)
  const later = await report(tab.client, { sizes: [100, 1_000], first: 1 })
  tab.online = true
  await deliverAll(phone, tab)
  const [big, mid, small] = [...oldest.photos.keys()]
  const [tiny, other] = [...later.photos.keys()]
  expect(phone.server.announced).toEqual([mid, big, tiny, small, other])
})

test('what speaks of the same waits for what was recorded before it; the rest does not', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const about = tab.client.outbox.newId()
  const first = await act(tab, about, '有毒')
  const second = await act(tab, about)
  const other = await act(tab, tab.client.outbox.newId())
  phone.server.poisoned = (body) => body.includes('有毒')
  tab.online = true
  await tab.client.sync.flush(true)
  expect([...phone.server.applied.keys()]).toEqual([other])
  expect(states(tab)).toEqual(['sent', 'queued', 'queued'])

  phone.server.poisoned = () => false
  await tab.client.outbox.retry(second)
  await deliverAll(phone, tab)
  expect([...phone.server.applied.keys()]).toEqual([other, first, second])
  expect(JSON.parse(phone.server.applied.get(second) ?? '{}')).toMatchObject({ after: [first] })
})

test('a service that is down is not asked for every item', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  for (let n = 0; n < 9; n++) await report(tab.client)
  phone.server.poisoned = () => true
  tab.online = true
  const asked = phone.server.requests.length
  await tab.client.sync.flush(true)
  expect(phone.server.requests.length - asked).toBeLessThan(10)
  expect(tab.client.outbox.items.value.every(({ last_error }) => last_error)).toBe(true)
  phone.server.poisoned = () => false
  await deliverAll(phone, tab)
  expect(new Set(states(tab))).toEqual(new Set(['sent']))
})

const record = fc.record({
  chain: fc.integer({ min: 0, max: 3 }),
  urgent: fc.boolean(),
  waits: fc.boolean(),
  held: fc.boolean(),
  suspect: fc.boolean(),
})

test('no plan lets one overtake another of its chain, or keeps one that nothing keeps', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), (made) => {
      const records = made.map(({ chain, urgent, waits, held }, index) => ({
        ...{ id: `i${index}`, seq: index + 1, entities: [`e${chain}`], after: [], urgent },
        ...{ state: held ? 'held' : 'queued', next_try: waits ? 2 : 0 },
      })) as unknown as OutboxRecord[]
      const suspects = new Set(made.flatMap(({ suspect }, n) => (suspect ? [`i${n}`] : [])))
      const plan = planOf(records, { now: 1, force: false, tried: new Set(), suspects })
      const place = new Map(plan.map(({ id }, index) => [id, index]))
      for (const [later, one] of records.entries())
        for (const before of records.slice(0, later)) {
          if (before.entities[0] !== one.entities[0] || before.state === 'held') continue
          if (!place.has(one.id)) continue
          expect(place.get(before.id) ?? Infinity).toBeLessThan(place.get(one.id) ?? -1)
        }
      for (const [index, one] of records.entries()) {
        const kept = records
          .slice(0, index + 1)
          .some((each) => each.entities[0] === one.entities[0] && each.next_try > 1)
        if (!kept) expect(place.has(one.id)).toBe(true)
      }
    }),
  )
})

test('over mobile data photos wait when the user says so, and go when they say so', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  await tab.client.outbox.allowMobileData('text')
  tab.metered = true
  const { id, photos } = await report(tab.client, { photos: 2 })
  const other = await report(tab.client, { photos: 1 })
  await tab.client.sync.flush(true)
  expect(states(tab)).toEqual(['waiting_media', 'waiting_media'])
  expect(tab.client.outbox.items.value.every(({ waits_for_wifi }) => waits_for_wifi)).toBe(true)
  expect(tab.client.status.value.wifi).toEqual({ photos: 3, bytes: 1_350 })
  expect(phone.server.announced).toEqual([])

  await tab.client.outbox.sendAnyway(id)
  await tab.client.sync.flush(true)
  expect([...phone.server.media.keys()].sort()).toEqual([...photos.keys()].sort())
  tab.metered = false
  tab.wake()
  await tab.client.sync.flush(true)
  await deliverAll(phone, tab)
  expect(phone.server.media.has([...other.photos.keys()][0] ?? '')).toBe(true)
})

test('the clock is measured by the quickest answer of the hour, until somebody sets it', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  const ask = async (trip: number, skew: number): Promise<unknown> => {
    // The answer is on its way back all of that time: the worst the middle can be off.
    phone.server.takes = () => phone.clock.advance(trip)
    phone.server.skew = skew
    await tab.client.sync.pull()
    phone.server.takes = () => undefined
    tab.online = false
    const id = await tab.client.outbox.submit('case.act', {
      case: tab.client.outbox.newId(),
      action: 'handle',
    })
    tab.online = true
    await tab.client.sync.flush(true)
    const body = phone.server.applied.get(id) ?? '{}'
    return (JSON.parse(body) as { clock_offset_ms: number }).clock_offset_ms
  }
  phone.clock.advance(4_000_000)
  expect(await ask(2_000, 60_000)).toBe(59_000)
  expect(await ask(2_000, 60_000)).toBe(60_000)
  expect(await ask(11_000, 90_000)).toBe(60_000)
  expect(await ask(0, 500_000)).toBe(500_000)
})

test('sent photos stay a month, and go earlier, oldest first, when room is short', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  const one = await report(tab.client, { sizes: [600] })
  phone.clock.advance(60_000)
  const two = await report(tab.client, { sizes: [600] })
  await deliverAll(phone, tab)
  expect(phone.persisted).toBe(true)
  const [old, young] = [[...one.photos.keys()][0] ?? '', [...two.photos.keys()][0] ?? '']
  expect(await tab.client.outbox.blob(old)).not.toBeNull()

  phone.disk = { usage: 850_500, quota: 1_000_000 }
  phone.disk.quota = 1_062_500
  await tab.client.room.look()
  expect(tab.client.room.state.value).toMatchObject({ freed: { photos: 1, bytes: 600 } })
  expect(await tab.client.outbox.blob(old)).toBeNull()
  expect(await tab.client.outbox.blob(young)).not.toBeNull()
})

test('nearly full, a device takes no more photos but every command', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  phone.disk = { usage: 96, quota: 100 }
  await expect(report(tab.client, { photos: 1 })).rejects.toMatchObject({ code: 'storage_full' })
  expect(tab.client.room.state.value).toMatchObject({ level: 'full', photos: 0 })
  await report(tab.client)
  await deliverAll(phone, tab)
  expect(states(tab)).toEqual(['sent'])
  phone.disk = { usage: 82_000_000, quota: 100_000_000 }
  await tab.client.room.look()
  expect(tab.client.room.state.value).toMatchObject({ level: 'low', photos: 21 })
})
