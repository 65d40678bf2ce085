/** Who may read what is kept, and when it goes. */

import { expect, test } from 'vitest'
import { Feed, idOf } from './feed'
import { OTHER, Phone, report, serve, shown, signedIn, type Tab, USER } from './world'

const DAY_MS = 24 * 60 * 60 * 1000

async function holding(): Promise<{ phone: Phone; feed: Feed; tab: Tab }> {
  const phone = new Phone()
  const feed = new Feed(10)
  feed.allowed = new Set(['reference:330304', 'grid:1'])
  serve(phone, feed)
  feed.put(1, ['grid:1'])
  feed.put(2, ['reference:330304'])
  return { phone, feed, tab: await signedIn(phone) }
}

const ids = async (tab: Tab): Promise<string[]> => [...(await shown(tab)).keys()]

test('nothing of others can be read from the disk', async () => {
  const { phone } = await holding()
  const raw = await phone.raw('blocks', 'reference', 'meta')
  expect(raw).not.toContain('路灯')
  expect(raw).not.toContain(idOf(1))
})

test('behind a PIN the city is there, others are not; the right PIN opens in each tab', async () => {
  const { phone, feed, tab } = await holding()
  await tab.client.vault.setPin(null, '204816')
  expect(await ids(tab)).toEqual([idOf(1), idOf(2)])
  const other = await phone.open()
  expect(other.client.vault.state.value).toEqual({ key: 'locked', pin: true })
  expect(await ids(other)).toEqual([idOf(2)])
  feed.put(3, ['grid:1'])
  await other.client.sync.pull()
  expect(await ids(other)).toEqual([idOf(2)])
  await report(other.client)

  await expect(other.client.vault.unlock('111111')).rejects.toMatchObject({ code: 'wrong_pin' })
  await other.client.vault.unlock('204816')
  await other.client.sync.pull()
  expect(await ids(other)).toEqual([idOf(1), idOf(2), idOf(3)])
  other.client.vault.relock()
  expect(await ids(other)).toEqual([idOf(2)])

  await other.client.vault.setPin('204816', '999999')
  await expect(tab.client.vault.setPin('204816', null)).rejects.toMatchObject({ code: 'wrong_pin' })
  await tab.client.vault.setPin('999999', null)
  expect((await phone.open()).client.vault.state.value).toEqual({ key: 'open', pin: false })
})

test('after ten wrong PINs in a row others are gone, and unsent items stay', async () => {
  const { phone, tab } = await holding()
  await tab.client.vault.setPin(null, '204816')
  tab.online = false
  await report(tab.client)
  tab.kill()
  const thief = await phone.open()
  thief.online = false
  for (let attempt = 1; attempt < 10; attempt++)
    await expect(thief.client.vault.unlock('000000')).rejects.toMatchObject({ code: 'wrong_pin' })
  await expect(thief.client.vault.unlock('000000')).rejects.toMatchObject({ code: 'pin_spent' })
  expect(await phone.raw('blocks', 'reference')).toBe('[[],[]]')
  expect(await phone.raw('meta')).not.toContain('wrapped')
  expect(thief.client.session.state.value.view).toBeNull()
  expect(JSON.parse(await phone.raw('outbox'))).toMatchObject([[{ seq: 1 }]])
})

test('a kill in the middle of a try does not make it free', async () => {
  const { phone, tab } = await holding()
  await tab.client.vault.setPin(null, '204816')
  for (let attempt = 0; attempt < 9; attempt++) {
    const thief = await phone.open()
    thief.killAt(0, true)
    await Promise.race([thief.client.vault.unlock('000000'), thief.dead])
  }
  const last = await phone.open()
  await expect(last.client.vault.unlock('000000')).rejects.toMatchObject({ code: 'pin_spent' })
})

test("a forgotten PIN: signing in again opens what is here by the service's copy", async () => {
  const { phone, tab } = await holding()
  await tab.client.vault.setPin(null, '204816')
  tab.kill()
  const next = await phone.open()
  const pulls = phone.server.requests.filter((line) => line === 'POST /sync/pull').length
  next.client.sync.stop()
  await next.client.session.signIn(USER, 'password', '测试手机', { forgot: true })
  expect(await ids(next)).toEqual([idOf(1), idOf(2)])
  expect(next.client.vault.state.value).toEqual({ key: 'open', pin: false })
  expect(phone.server.requests.filter((line) => line === 'POST /sync/pull')).toHaveLength(pulls)
})

test('a forgotten PIN and a copy that does not fit: everything comes anew', async () => {
  const { phone, tab } = await holding()
  await tab.client.vault.setPin(null, '204816')
  tab.kill()
  const next = await phone.open()
  for (const kept of phone.server.dataKeys.keys())
    phone.server.dataKeys.set(kept, Buffer.alloc(32).toString('base64'))
  await next.client.session.signIn(USER, 'password', '测试手机', { forgot: true })
  await next.client.sync.pull()
  expect(await ids(next)).toEqual([idOf(1), idOf(2)])
})

test('a PIN that the city asks for comes before the first pull', async () => {
  const phone = new Phone()
  const feed = new Feed(10)
  serve(phone, feed)
  feed.put(1, ['a'])
  phone.server.holding = { ...phone.server.holding, pin: true }
  const tab = await signedIn(phone)
  expect(await ids(tab)).toEqual([])
  await tab.client.vault.setPin(null, '204816')
  await tab.client.sync.pull()
  expect(await ids(tab)).toEqual([idOf(1)])
})

test('an order to wipe is obeyed and confirmed, whatever the device asked', async () => {
  const { phone, tab } = await holding()
  phone.server.wipe = true
  await tab.client.sync.pull()
  expect(phone.server.wipe).toBe(false)
  expect(await ids(tab)).toEqual([])
  expect(await phone.raw('blocks', 'reference')).toBe('[[],[]]')
  expect(tab.client.status.value.session).toBe('none')
})

test('an order to wipe that could not be confirmed is confirmed later', async () => {
  const { phone, tab } = await holding()
  phone.server.wipe = true
  phone.server.faults.push('none', 'lost')
  await tab.client.sync.pull()
  expect(await ids(tab)).toEqual([])
  expect(phone.server.wipe).toBe(true)
  await tab.client.session.restore()
  expect(phone.server.wipe).toBe(false)
})

test('another user does not find what the one before held', async () => {
  const { phone, feed, tab } = await holding()
  feed.allowed = new Set(['reference:330304'])
  phone.server.user = null
  await tab.client.sync.flush(true)
  await tab.client.session.signIn(OTHER, 'password', '测试手机')
  await tab.client.sync.pull()
  expect(await ids(tab)).toEqual([idOf(2)])
  expect(phone.server.dataKeys.size).toBe(1)
})

test('without an answer for the days a city allows, others go and the city stays', async () => {
  const { phone, feed, tab } = await holding()
  tab.online = false
  phone.clock.advance(6 * DAY_MS)
  await tab.client.session.age()
  expect(await ids(tab)).toEqual([idOf(1), idOf(2)])
  tab.kill()
  phone.clock.advance(2 * DAY_MS)
  const next = await phone.open()
  next.online = false
  expect(await ids(next)).toEqual([idOf(2)])
  expect(await phone.raw('blocks')).toBe('[[]]')
  await report(next.client)

  next.online = true
  feed.put(3, ['grid:1'])
  await next.client.sync.pull()
  expect(await ids(next)).toEqual([idOf(1), idOf(2), idOf(3)])
})

test('setting the clock back does not lengthen the days', async () => {
  const { phone, tab } = await holding()
  tab.online = false
  phone.clock.advance(6 * DAY_MS)
  await tab.client.session.age()
  phone.clock.advance(-5 * DAY_MS)
  await tab.client.session.age()
  phone.clock.advance(6.5 * DAY_MS)
  await tab.client.session.age()
  expect(await ids(tab)).toEqual([idOf(2)])
})

test('a stopped device wipes itself, and signs in as a new one', async () => {
  const { phone, tab } = await holding()
  const { id } = await tab.client.session.device()
  phone.server.revoked.add(id)
  phone.server.user = null
  await tab.client.sync.flush(true)
  await tab.client.session.signIn(USER, 'password', '测试手机')
  expect((await tab.client.session.device()).id).not.toBe(id)
  await tab.client.sync.pull()
  expect(await ids(tab)).toEqual([idOf(1), idOf(2)])
})

test('an answer that comes after its user has left brings nobody back', async () => {
  const phone = new Phone()
  const { client } = await signedIn(phone)
  const { fetch } = phone.server
  Object.assign(phone.server, {
    fetch: async (...given: Parameters<typeof fetch>) => {
      const answer = await fetch(...given)
      if (given[1]?.method === 'GET' && given[0] === '/api/session') {
        phone.server.faults.push('lost') // the service does not hear of it
        await client.session.signOut()
      }
      return answer
    },
  })
  await client.session.restore()
  expect(client.session.state.value).toMatchObject({ view: null, leaving: true })
})

test('Dexie.js #739: a store that the browser cleared is seen, said and fetched again', async () => {
  const { phone, tab } = await holding()
  await report(tab.client)
  await tab.client.sync.flush(true)
  tab.online = false
  const made = phone.clock.now()
  await report(tab.client)
  const { id } = await tab.client.session.device()
  tab.kill()
  phone.evict()

  const next = await phone.open()
  expect(next.client.evictions.loss.value?.unsent).toEqual([{ at: made }])
  await next.client.session.signIn(USER, 'password', '测试手机')
  expect((await next.client.session.device()).id).not.toBe(id)
  await next.client.sync.pull()
  expect(await ids(next)).toEqual([idOf(1), idOf(2)])
  await report(next.client)
  await next.client.sync.flush(true)
  expect(phone.server.complaints).toEqual([])
  next.client.evictions.dismiss()
  expect((await phone.open()).client.evictions.loss.value).toBeNull()
})
