/** Nothing lost, nothing doubled: whatever the network does and wherever the page dies. */

import * as fc from 'fast-check'
import type { wire } from '@xunge/types'
import { expect, test } from 'vitest'
import type { Fault } from './server'
import { deliverAll, Phone, report, signedIn, type Tab } from './world'

const faults: Fault[] = ['none', 'lost', 'cut', 'broken', 'busy', 'portal']
const step = fc.oneof(
  fc.record({ do: fc.constant('report' as const), photos: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ do: fc.constant('flush' as const) }),
  fc.record({
    do: fc.constant('kill' as const),
    after: fc.integer({ min: 0, max: 25 }),
    committed: fc.boolean(),
  }),
)

test('every recorded item is applied exactly once with its photos', { timeout: 120_000 }, () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.array(fc.constantFrom(...faults), { maxLength: 30 }),
      async (steps, weather) => {
        const phone = new Phone()
        let tab = await signedIn(phone)
        const promised = new Map<string, string>()
        phone.server.faults.push(...weather)
        for (const each of steps) {
          if (each.do === 'kill') tab.killAt(each.after, each.committed)
          else if (each.do === 'flush') await Promise.race([tab.client.sync.flush(true), tab.dead])
          else {
            const recorded = report(tab.client, { photos: each.photos })
            const made = await Promise.race([recorded, tab.dead])
            if (made) for (const photo of made.photos) promised.set(...photo)
            if (made) promised.set(made.id, '')
          }
          if (tab.isDead) tab = await phone.open()
        }
        tab.kill()
        phone.server.faults.length = 0
        tab = await phone.open()
        await deliverAll(phone, tab)

        const items = tab.client.outbox.items.value
        expect(items.filter(({ state }) => state !== 'sent')).toEqual([])
        expect([...phone.server.applied.keys()].sort()).toEqual(items.map(({ id }) => id).sort())
        const media = items.flatMap((item) => item.media.map(({ id }) => id))
        expect([...phone.server.media.keys()].sort()).toEqual(media.sort())
        const arrived = new Set([...phone.server.applied.keys(), ...phone.server.media.keys()])
        expect([...promised.keys()].filter((id) => !arrived.has(id))).toEqual([])
        const numbers = [...phone.server.applied.values()]
          .map((body) => (JSON.parse(body) as wire.Command).device_seq)
          .sort((one, other) => one - other)
        expect(numbers).toEqual(numbers.map((_, index) => index + 1))
        expect(phone.server.complaints).toEqual([])
        tab.kill()
      },
    ),
    { numRuns: 60 },
  ),
)

test('two tabs send one item once', async () => {
  const phone = new Phone()
  const [one, other] = [await signedIn(phone), await phone.open()]
  one.online = other.online = false
  const { id } = await report(one.client, { photos: 2 })
  await report(other.client, { photos: 1 })
  one.online = other.online = true
  const asked = phone.server.requests.length
  await Promise.all([one, other].map(({ client }) => client.sync.flush(true)))
  const sent = phone.server.requests.slice(asked)
  expect(phone.server.repeats).toBe(0)
  expect(sent.filter((line) => line === 'POST /uploads')).toHaveLength(3)
  expect(phone.server.applied.has(id)).toBe(true)
  const shown = (tab: Tab): string[] => tab.client.outbox.items.value.map(({ state }) => state)
  expect([shown(one), shown(other)]).toEqual([
    ['sent', 'sent'],
    ['sent', 'sent'],
  ])
})

test('two tabs recording at once number their items without a gap', async () => {
  const phone = new Phone()
  const tabs = [await signedIn(phone), await phone.open(), await phone.open()]
  for (const tab of tabs) tab.online = false
  await Promise.all([...tabs, ...tabs].map(({ client }) => report(client)))
  const [tab] = tabs as [Tab]
  tab.online = true
  await deliverAll(phone, tab)
  const numbers = [...phone.server.applied.values()].map(
    (body) => (JSON.parse(body) as wire.Command).device_seq,
  )
  expect(numbers).toEqual([1, 2, 3, 4, 5, 6])
})

test('a tab that dies while sending leaves the sending to the other', async () => {
  const phone = new Phone()
  const [one, other] = [await signedIn(phone), await phone.open()]
  one.online = false
  await report(one.client, { photos: 1 })
  one.online = true
  one.killAt(2, true)
  await Promise.race([one.client.sync.flush(true), one.dead])
  await deliverAll(phone, other)
  expect(other.client.outbox.items.value.map(({ state }) => state)).toEqual(['sent'])
})
