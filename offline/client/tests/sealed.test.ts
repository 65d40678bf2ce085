/** What this device recorded outlives its wipe, unreadable, and reaches the service all the same. */

import { expect, test } from 'vitest'
import { openDexie } from '../src/dexie'
import type { Client } from '../src/client'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { deliverAll, OTHER, Phone, report, signedIn, USER } from './world'

const CANARY = '张三家的路灯'

/** All that a store holds, as text. */
async function dump(indexedDB: IDBFactory): Promise<string> {
  const storage = openDexie('xunge', { indexedDB, IDBKeyRange })
  const all = await storage.run('read', ['outbox', 'media', 'blobs', 'drafts'], async (t) => [
    ...(await t.list('outbox')),
    ...(await t.list('media')),
    ...(await t.list('drafts')),
    ...(await t.list('blobs')).map(({ bytes }) => Buffer.from(bytes).toString('latin1')),
  ])
  storage.close()
  return JSON.stringify(all)
}

async function offlineReport(phone: Phone): Promise<{
  client: Client
  tab: Awaited<ReturnType<typeof signedIn>>
  id: string
  photos: Map<string, string>
}> {
  const tab = await signedIn(phone)
  tab.online = false
  const made = await report(tab.client, { photos: 1, description: CANARY })
  return { tab, client: tab.client, ...made }
}

test('signing out locks what is unsent; the next session sends it and its photos', async () => {
  const disk = new IDBFactory()
  const phone = new Phone(disk)
  const { tab, client, id, photos } = await offlineReport(phone)
  client.drafts.save('report', { description: CANARY })
  await client.drafts.flush()
  expect(await dump(disk)).toContain(CANARY)

  await client.session.signOut()
  const left = await dump(disk)
  for (const trace of [CANARY, 'photo 0', 'near', 'case.report']) expect(left).not.toContain(trace)
  expect(client.outbox.items.value).toEqual([])
  expect(client.outbox.locked.value).toMatchObject([
    { id, locked: true, state: 'queued', type: '', payload: null },
  ])
  await expect(report(client)).rejects.toMatchObject({ code: 'signed_out' })
  expect(await client.outbox.blob([...photos.keys()][0] ?? '')).toBeNull()

  tab.online = true
  await client.session.restore()
  expect(phone.server.user).toBeNull()
  await client.session.signIn(OTHER, 'password', '测试手机')
  await deliverAll(phone, tab)
  expect(client.outbox.items.value).toEqual([])
  expect(client.outbox.locked.value).toMatchObject([{ state: 'sent', receipt: { command: id } }])
  expect([...phone.server.applied.keys()]).toEqual([id])
  expect([...phone.server.authors]).toEqual([...photos.keys()].map((photo) => [photo, USER]))
  expect(phone.server.sealed).toEqual({ items: 1, media: 1 })
  expect(phone.server.complaints).toEqual([])
})

test('another user who signs in on the device cannot read what the one before left', async () => {
  const disk = new IDBFactory()
  const phone = new Phone(disk)
  const { tab, client } = await offlineReport(phone)
  tab.online = true
  phone.server.faults.push('none', 'busy', 'busy', 'busy')
  await client.session.signIn(OTHER, 'password', '测试手机')
  expect(await dump(disk)).not.toContain(CANARY)
  await deliverAll(phone, tab)
  expect(client.outbox.locked.value).toMatchObject([{ state: 'sent' }])
  expect(phone.server.complaints).toEqual([])
})

test('an upload that was under way is begun again sealed after a wipe', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const { photos } = await report(tab.client, { sizes: [2_000] })
  tab.online = true
  phone.server.faults.push('none', 'none', 'none', ...Array<'lost'>(10).fill('lost'))
  await tab.client.sync.flush(true)
  expect(tab.client.outbox.items.value).toMatchObject([{ state: 'waiting_media' }])
  phone.server.faults.length = 0
  await tab.client.session.signOut()
  // The service forgets half an upload of A's once B announces it sealed in A's name.
  phone.server.forgetUploads()
  await tab.client.session.signIn(OTHER, 'password', '测试手机')
  await deliverAll(phone, tab)
  expect([...phone.server.authors]).toEqual([...photos.keys()].map((photo) => [photo, USER]))
  expect(phone.server.complaints).toEqual([])
})

test('what is accepted is not readable after a wipe either, but can be pushed again', async () => {
  const disk = new IDBFactory()
  const phone = new Phone(disk)
  const { tab, client, id, photos } = await offlineReport(phone)
  tab.online = true
  await deliverAll(phone, tab)
  await client.session.signOut()
  expect(await dump(disk)).not.toContain(CANARY)
  phone.server.restore(0)
  await client.session.signIn(OTHER, 'password', '测试手机')
  await client.sync.pull()
  await deliverAll(phone, tab)
  expect([...phone.server.applied.keys()]).toEqual([id])
  expect([...phone.server.media.keys()]).toEqual([...photos.keys()])
})

test('the queue leaves as a file that tells nothing, and any other device brings it home', async () => {
  const phone = new Phone()
  const { tab, client, id, photos } = await offlineReport(phone)
  const second = await report(client, { description: CANARY })
  const file = await client.parcels.pack()
  expect(await file.text()).not.toContain('张三')

  const helper = new Phone(new IDBFactory(), phone.server)
  const other = await helper.open()
  await other.client.session.signIn(OTHER, 'password', '别的手机')
  await expect(other.client.parcels.open(new Blob(['PK?']))).rejects.toMatchObject({
    code: 'bad_parcel',
  })
  const opened = await other.client.parcels.open(file)
  expect(opened).toMatchObject({ items: [id, second.id], known: 0 })
  await deliverAll(helper, other)
  expect(other.client.outbox.locked.value.map(({ state, code }) => [state, code])).toEqual([
    ['sent', 'N-1'],
    ['sent', 'N-1'],
  ])
  expect([...phone.server.applied.keys()]).toEqual([id, second.id])
  expect([...phone.server.authors]).toEqual([...photos.keys()].map((photo) => [photo, USER]))

  expect(await other.client.parcels.open(file)).toMatchObject({ known: 2 })
  await deliverAll(helper, other)
  expect(phone.server.repeats).toBe(0)

  expect(client.outbox.items.value.map(({ state }) => state)).toEqual(['queued', 'queued'])
  tab.online = true
  phone.server.user = USER
  await deliverAll(phone, tab)
  expect(client.outbox.items.value.map(({ state }) => state)).toEqual(['sent', 'sent'])
  expect(phone.server.repeats).toBe(2)
  await expect(client.parcels.pack()).rejects.toMatchObject({ code: 'nothing_unsent' })
  expect(phone.server.complaints).toEqual([])
})

test('after the service lost its last hour, all of the month is pushed again with its photos', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  const early = await report(tab.client, { photos: 1, description: '早' })
  await deliverAll(phone, tab)
  const backup = phone.clock.now()
  phone.clock.advance(3_600_000)
  const late = await report(tab.client, { photos: 2, description: '晚' })
  await deliverAll(phone, tab)
  phone.server.restore(backup)
  expect([...phone.server.applied.keys()]).toEqual([early.id])

  phone.server.faults.push('none', 'busy')
  await tab.client.sync.pull()
  await tab.client.sync.flush()
  expect(tab.client.status.value.checking).toBe(2)
  await deliverAll(phone, tab)
  expect(tab.client.status.value.checking).toBe(0)
  expect([...phone.server.applied.keys()]).toEqual([early.id, late.id])
  const all = [...early.photos.keys(), ...late.photos.keys()]
  expect([...phone.server.media.keys()].sort()).toEqual(all.sort())
  expect(tab.client.outbox.items.value.map(({ state }) => state)).toEqual(['sent', 'sent'])
  const asked = phone.server.arrived.length
  await tab.client.sync.pull()
  await tab.client.sync.flush(true)
  expect(phone.server.arrived).toHaveLength(asked)
  expect(phone.server.complaints).toEqual([])
})

test('photos of what was held before a restore are sent again too', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  phone.server.holds = () => true
  const { id, photos } = await report(tab.client, { photos: 2 })
  await deliverAll(phone, tab)
  expect(phone.server.media.size).toBe(2)
  phone.server.restore(0)
  phone.server.media.clear()
  phone.server.forgetUploads()
  phone.server.holds = () => false
  await deliverAll(phone, tab)
  expect([...phone.server.applied.keys()]).toEqual([id])
  expect([...phone.server.media.keys()].sort()).toEqual([...photos.keys()].sort())
})

test('what the service believes of its author alone stays here until they sign in', async () => {
  const phone = new Phone()
  const { tab, client, id, photos } = await offlineReport(phone)
  await client.session.signOut()
  phone.server.doubts = ({ user }, sender) => user !== sender
  tab.online = true
  await client.session.signIn(OTHER, 'password', '测试手机')
  await client.sync.flush(true)
  const own = await report(client)
  await client.sync.flush(true)
  expect(client.outbox.locked.value).toMatchObject([
    { state: 'queued', last_error: '只能提交自己的操作' },
  ])
  expect(phone.server.announced).toEqual([])
  expect([...phone.server.applied.keys()]).toEqual([own.id])

  await client.session.signIn(USER, 'password', '测试手机')
  await deliverAll(phone, tab)
  expect(phone.server.applied.has(id)).toBe(true)
  expect([...phone.server.media.keys()]).toEqual([...photos.keys()])
})
