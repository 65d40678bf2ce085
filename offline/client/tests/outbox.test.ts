import { expect, test } from 'vitest'
import { deliverAll, OTHER, Phone, report, signedIn, USER } from './world'

const state = (tab: Awaited<ReturnType<Phone['open']>>) =>
  tab.client.outbox.items.value.map((item) => item.state)

test('a report made without network is queued at once and sent with its photos later', async () => {
  const phone = new Phone()
  const tab = await signedIn(phone)
  tab.online = false
  const { id, photos } = await report(tab.client, { photos: 2 })
  expect(state(tab)).toEqual(['queued'])
  await tab.client.sync.flush()
  expect(tab.client.outbox.items.value[0]).toMatchObject({
    attempts: 1,
    last_error: '没有网络，恢复后自动发送',
  })
  expect(tab.client.status.value).toMatchObject({ online: false, queued: 1 })

  tab.online = true
  await deliverAll(phone, tab)
  expect(state(tab)).toEqual(['sent'])
  expect(tab.client.outbox.items.value[0]).toMatchObject({
    progress: 1,
    receipt: { command: id, number: 'N-1' },
  })
  expect([...phone.server.media.keys()].sort()).toEqual([...photos.keys()].sort())
  expect(tab.client.status.value).toMatchObject({ online: true, queued: 0 })
  expect(phone.server.complaints).toEqual([])
})
