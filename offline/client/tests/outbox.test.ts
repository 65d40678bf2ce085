import { expect, test } from 'vitest'
import { deliverAll, Phone, report, signedIn, type Tab, USER } from './world'

const states = ({ client }: Tab): string[] => client.outbox.items.value.map(({ state }) => state)

test('a report made without network is queued at once and sent with its photos later', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const { id, photos } = await report(tab.client, { photos: 2 })
  expect(states(tab)).toEqual(['queued'])
  await tab.client.sync.flush()
  expect(tab.client.outbox.items.value[0]).toMatchObject({
    attempts: 1,
    last_error: '没有网络，恢复后自动发送',
  })
  expect(tab.client.status.value).toMatchObject({ online: false, queued: 1 })

  tab.online = true
  await deliverAll(phone, tab)
  expect(states(tab)).toEqual(['sent'])
  expect(tab.client.outbox.items.value[0]).toMatchObject({
    progress: 1,
    receipt: { command: id, number: 'N-1' },
  })
  expect([...phone.server.media.keys()].sort()).toEqual([...photos.keys()].sort())
  expect(tab.client.status.value).toMatchObject({ online: true, queued: 0 })
  expect(phone.server.complaints).toEqual([])
})

test('waiting items are tried again by themselves when their time has come', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  phone.server.faults.push('busy')
  const { id } = await report(tab.client)
  await tab.client.sync.flush()
  const [item] = tab.client.outbox.items.value
  expect(item).toMatchObject({
    state: 'queued',
    last_error: '服务器暂时不可用（503），稍后自动重试',
  })
  expect(item?.next_try).toBe(phone.clock.now() + 3_000)
  phone.clock.advance(3_000)
  await tab.client.sync.flush()
  expect(phone.server.applied.has(id)).toBe(true)
})

test('a page of a gateway is not taken for an answer', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  phone.server.faults.push('portal')
  await report(tab.client)
  await tab.client.sync.flush()
  expect(tab.client.outbox.items.value[0]?.last_error).toContain('网络被拦截')
  await deliverAll(phone, tab)
  expect(states(tab)).toEqual(['sent'])
})

test('a refused item keeps its reasons and photos, and is corrected by a new one', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  const reason = { code: 'required', message: '请填写描述', field: 'payload.description' }
  phone.server.refuse = ({ payload }) =>
    (payload as { description: string }).description === '' ? [reason] : []
  const { id, photos } = await report(tab.client, { description: '', photos: 1 })
  await deliverAll(phone, tab)
  const [refused] = tab.client.outbox.items.value
  expect(refused).toMatchObject({ id, state: 'refused', reasons: [reason] })
  expect(tab.client.status.value.needs_you).toBe(1)
  expect(phone.server.media.size).toBe(0)

  const payload = { ...(refused?.payload as Parameters<typeof tab.client.outbox.correct>[1]) }
  const fixed = await tab.client.outbox.correct(id, { ...payload, description: '井盖破损' })
  await expect(tab.client.outbox.correct(id, payload)).rejects.toMatchObject({
    code: 'not_refused',
  })
  await deliverAll(phone, tab)
  expect(states(tab)).toEqual(['sent', 'replaced'])
  expect(tab.client.status.value.needs_you).toBe(0)
  expect(JSON.parse(phone.server.applied.get(fixed) ?? '{}')).toMatchObject({ corrects: id })
  expect([...phone.server.media.keys()]).toEqual([...photos.keys()])
})

test('a held item is kept, and asked again as soon as what it waits for is accepted', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  phone.server.refuse = ({ payload }) =>
    (payload as { description: string }).description === '' ? [reason] : []
  const reason = { code: 'required', message: '请填写描述', field: null }
  const first = await report(tab.client, { description: '' })
  const second = await report(tab.client, { after: [first.id] })
  await deliverAll(phone, tab)
  expect(states(tab)).toEqual(['held', 'refused'])

  phone.server.refuse = () => []
  const third = await report(tab.client, { after: [second.id] })
  await tab.client.sync.flush()
  expect(states(tab)).toEqual(['held', 'held', 'refused'])
  phone.server.applied.set(first.id, 'settled by a person')
  await tab.client.sync.flush(true)
  expect(states(tab)).toEqual(['sent', 'sent', 'refused'])
  expect([...phone.server.applied.keys()]).toEqual([first.id, second.id, third.id])
})

test('another command under the same id is kept and shown', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const { id } = await report(tab.client)
  phone.server.applied.set(id, 'something else')
  tab.online = true
  await deliverAll(phone, tab)
  expect(tab.client.outbox.items.value[0]).toMatchObject({
    state: 'refused',
    reasons: [{ code: 'clash' }],
  })
})

test('an expired session stops the sending but not the recording', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  phone.server.user = null
  await report(tab.client)
  await tab.client.sync.flush()
  await report(tab.client)
  await tab.client.sync.flush()
  expect(tab.client.status.value).toMatchObject({ session: 'expired', queued: 2 })
  expect(tab.client.outbox.items.value[1]?.last_error).toContain('登录已过期')
  const asked = phone.server.requests.length
  phone.clock.advance(300_000)
  await tab.client.sync.flush()
  expect(phone.server.requests.length).toBe(asked)

  await tab.client.session.signIn(USER, 'password', '测试手机')
  await deliverAll(phone, tab)
  expect(states(tab)).toEqual(['sent', 'sent'])
})

test('the device starts and records without network, as the user last signed in', async () => {
  const phone = new Phone()
  const before = await signedIn(phone)
  before.kill()
  const tab = await phone.open()
  tab.online = false
  await tab.client.session.restore()
  expect(tab.client.status.value.session).toBe('active')
  await report(tab.client)
  expect(states(tab)).toEqual(['queued'])
  const [item] = tab.client.outbox.items.value
  expect(JSON.stringify(item)).not.toContain('secret')
})

test('many items go in batches, and a body the server chokes on is found and kept', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const ids: string[] = []
  for (let n = 0; n < 7; n++) ids.push((await report(tab.client, { description: `第${n}件` })).id)
  tab.online = true
  phone.server.malformed = (body) => body.includes('第3件')
  await deliverAll(phone, tab)
  expect(states(tab).filter((state) => state === 'sent')).toHaveLength(6)
  expect(tab.client.outbox.items.value.find(({ id }) => id === ids[3])).toMatchObject({
    state: 'refused',
    reasons: [{ code: 'malformed', message: '格式不对' }],
  })
})

test('what was sent a month ago is forgotten, what was not is kept', async () => {
  const phone = new Phone()
  const before = await signedIn(phone)
  await report(before.client)
  await deliverAll(phone, before)
  before.online = false
  await report(before.client)
  before.kill()
  phone.clock.advance(31 * 86_400_000)
  const { items, locked } = (await phone.open()).client.outbox
  // Unheard of for so long, the device no longer shows what it holds, but still sends it.
  expect(items.value).toEqual([])
  expect(locked.value.map(({ state }) => state)).toEqual(['queued'])
})

test('a command says how far the clock of its phone is off, as last measured', async () => {
  const phone = new Phone()
  phone.server.skew = -90_000
  const tab = await signedIn(phone)
  tab.online = false
  const { id } = await report(tab.client)
  tab.online = true
  await deliverAll(phone, tab)
  expect(JSON.parse(phone.server.applied.get(id) ?? '')).toMatchObject({
    clock_offset_ms: -90_000,
    occurred_at: '2026-11-21T00:00:00.000Z',
  })
})

test('a device that was stopped signs in as a new one, and what it had not sent still goes', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const { id } = await report(tab.client)
  tab.online = true
  const [stopped] = [...phone.server.devices.keys()]
  phone.server.revoked.add(stopped ?? '')
  await tab.client.session.signIn(USER, 'password', '手机')
  expect(phone.server.devices.size).toBe(2)
  await deliverAll(phone, tab)
  expect(phone.server.applied.has(id)).toBe(true)
})

test('the badge says so at the moment the network goes', async () => {
  const tab = await signedIn(new Phone())
  expect(tab.client.status.value.online).toBe(true)
  tab.online = false
  expect(tab.client.status.value.online).toBe(false)
})
