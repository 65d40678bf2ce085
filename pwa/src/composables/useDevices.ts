import type { directory, requests } from '@xunge/types'
import { useClient } from '@/client'
import { confirmLoss } from '@/lib/confirm'
import { useNotice } from './useNotice'

export type Device = directory.DeviceView

/** What may be done to a device, one's own or, under `/admin/devices`, one of the county's. */
export function useDevices(path: '/devices' | '/admin/devices', changed: () => Promise<void>) {
  const client = useClient()
  const { say, complain } = useNotice()

  /** True when it was done; else the person was told why not. */
  async function attempt(
    done: string,
    method: 'PATCH' | 'POST' | 'DELETE',
    to: string,
    body?: requests.RenameDevice,
  ): Promise<boolean> {
    try {
      await client.request(method, to, body)
    } catch (error) {
      complain(error instanceof Error ? error.message : '没有成功，请重试')
      return false
    }
    say(done)
    await changed()
    return true
  }

  const rename = (device: Device, name: string): Promise<boolean> =>
    attempt('已改名', 'PATCH', `${path}/${device.id}`, { name })

  const wipe = async (device: Device): Promise<void> => {
    const message = `“${device.name}”下次联网时会清除从服务取来的资料并退出登录；还没送达的内容加密保留，之后仍会送达。`
    if (await confirmLoss('清除这台设备上的资料？', message, '清除'))
      await attempt('已要求清除', 'POST', `${path}/${device.id}/wipe`)
  }

  const revoke = async (device: Device): Promise<void> => {
    const message = `“${device.name}”会清除资料并停用，不能恢复。再用时要作为新设备登录。`
    if (await confirmLoss('停用这台设备？', message, '停用'))
      await attempt('已停用', 'DELETE', `${path}/${device.id}`)
  }

  return { rename, wipe, revoke }
}
