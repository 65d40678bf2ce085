/** What went wrong in the field elsewhere, one test each; pulling has its own in replica.test.ts. */

import { IDBFactory } from 'fake-indexeddb'
import { expect, test } from 'vitest'
import type { wire } from '@xunge/types'
import { deliverAll, Phone, report, signedIn, type Tab, USER } from './world'

const states = ({ client }: Tab): string[] => client.outbox.items.value.map(({ state }) => state)

function sent(phone: Phone, id: string): wire.Command {
  return JSON.parse(phone.server.applied.get(id) ?? '{}') as wire.Command
}

/** A change of one entity, whose version the author has before them. */
function change(tab: Tab, entity: string, version: number, opinion: string): Promise<string> {
  const payload = { case: entity, action: 'handle', opinion }
  return tab.client.outbox.submit('case.act', payload, { bases: { [entity]: version } })
}

test('getodk/central #698: each change made offline says what its author saw, not what came before it', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const entity = tab.client.outbox.newId()
  const first = await change(tab, entity, 1, '一')
  const second = await change(tab, entity, 1, '二')
  tab.online = true
  await deliverAll(phone, tab)
  // Both are based on version 1, so what others wrote between them is found for each.
  expect(sent(phone, first)).toMatchObject({ bases: { [entity]: 1 }, after: [] })
  expect(sent(phone, second)).toMatchObject({ bases: { [entity]: 1 }, after: [first] })
})

test('getodk/central #805: a change keeps its base however late it is sent', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  phone.server.faults.push('cut', 'broken', 'portal')
  const entity = tab.client.outbox.newId()
  const id = await change(tab, entity, 1, '一')
  const [item] = tab.client.outbox.items.value
  await deliverAll(phone, tab)
  phone.clock.advance(5 * 86_400_000)
  await deliverAll(phone, tab)
  expect(sent(phone, id)).toMatchObject({ bases: { [entity]: 1 } })
  expect(tab.client.outbox.items.value[0]?.payload).toEqual(item?.payload)
})

test('getodk/central #808: the last of three cannot be sent before the first, whoever asks', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const entity = tab.client.outbox.newId()
  const made = await change(tab, entity, 0, '登记')
  const one = await change(tab, entity, 0, '一')
  const two = await change(tab, entity, 0, '二')
  phone.server.poisoned = (body) => body.includes('登记')
  tab.online = true
  await tab.client.outbox.retry(two)
  await tab.client.sync.flush(true)
  expect([...phone.server.applied.keys()]).toEqual([])
  phone.server.poisoned = () => false
  await tab.client.outbox.retry(two)
  await deliverAll(phone, tab)
  expect([...phone.server.applied.keys()]).toEqual([made, one, two])
})

test('getodk/central #815: a change of what was refused waits for its correction, and says so', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  const reason = { code: 'required', message: '请填写描述', field: 'payload.opinion' }
  phone.server.refuse = ({ payload }) =>
    (payload as { opinion?: string }).opinion === '' ? [reason] : []
  tab.online = false
  const entity = tab.client.outbox.newId()
  const made = await change(tab, entity, 0, '')
  const later = await change(tab, entity, 0, '一')
  tab.online = true
  await deliverAll(phone, tab)
  expect(states(tab)).toEqual(['held', 'refused'])
  expect([...phone.server.applied.keys()]).toEqual([])

  phone.server.settled = (command) => command.corrects
  const payload = { case: entity, action: 'handle', opinion: '登记' }
  const corrected = await tab.client.outbox.correct(made, payload)
  await deliverAll(phone, tab)
  expect(states(tab)).toEqual(['sent', 'sent', 'replaced'])
  expect([...phone.server.applied.keys()]).toEqual([corrected, later])
})

test('getodk/collect #3391: one report that breaks the service does not stop the others', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const ids: string[] = []
  for (let n = 0; n < 9; n++)
    ids.push((await report(tab.client, { description: `第${n}件`, photos: 1 })).id)
  phone.server.poisoned = (body) => /第[34]件/.test(body)
  tab.online = true
  await tab.client.sync.flush(true)
  await tab.client.sync.flush(true)
  const others = ids.filter((_, n) => n !== 3 && n !== 4)
  expect([...phone.server.applied.keys()].sort()).toEqual(others.sort())
  expect(phone.server.media.size).toBe(7)
  const kept = tab.client.outbox.items.value.filter(({ state }) => state === 'queued')
  expect(kept.map(({ last_error }) => last_error)).toEqual([
    '服务器暂时不可用（500），稍后自动重试',
    '服务器暂时不可用（500），稍后自动重试',
  ])
  phone.server.poisoned = () => false
  await deliverAll(phone, tab)
  expect(new Set(states(tab))).toEqual(new Set(['sent']))
})

test('Dexie.js #739: a device whose storage was cleared starts anew and doubles nothing', async () => {
  const phone = new Phone(new IDBFactory())
  const before = await signedIn(phone)
  const { id } = await report(before.client)
  await deliverAll(phone, before)
  before.kill()
  const cleared = new Phone(new IDBFactory(), phone.server)
  const tab = await cleared.open()
  expect(tab.client.status.value).toMatchObject({ session: 'none', queued: 0 })
  await tab.client.session.signIn(USER, 'password', '测试手机')
  const again = await report(tab.client)
  await deliverAll(cleared, tab)
  expect(phone.server.devices.size).toBe(2)
  expect(sent(phone, again.id)).toMatchObject({ device_seq: 1 })
  expect([...phone.server.applied.keys()]).toEqual([id, again.id])
})

test('cht-core #2394: recording and sending do not wait for the first pull to end', async () => {
  const phone = new Phone()
  const tab = await phone.open()
  let pulling = 0
  phone.server.pullGate = () => {
    pulling++
    return new Promise(() => undefined)
  }
  await tab.client.session.signIn(USER, 'password', '测试手机')
  void tab.client.sync.pull()
  const { id, photos } = await report(tab.client, { photos: 1 })
  await tab.client.sync.flush(true)
  expect(pulling).toBe(1)
  expect([...phone.server.applied.keys()]).toEqual([id])
  expect([...phone.server.media.keys()]).toEqual([...photos.keys()])
  expect(states(tab)).toEqual(['sent'])
})
