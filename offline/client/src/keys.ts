/** The keys port on WebCrypto: ECDSA P-256 over SHA-256, raw r‖s; HPKE. */

import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import type { Keys } from './ports'

/** Arguments that any machine takes. */
const AT_ONCE = 8192
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' }

export function base64(data: ArrayBuffer | Uint8Array): string {
  const bytes = new Uint8Array(data)
  let text = ''
  for (let at = 0; at < bytes.length; at += AT_ONCE)
    text += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE))
  return btoa(text)
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

function join(one: ArrayBuffer | Uint8Array, other: ArrayBuffer): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(one.byteLength + other.byteLength)
  whole.set(new Uint8Array(one))
  whole.set(new Uint8Array(other), one.byteLength)
  return whole
}

export function webKeys(crypto: Crypto): Keys {
  const suite = new CipherSuite({
    kem: new DhkemP256HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  })
  const utf8 = new TextEncoder()
  return {
    async generate() {
      const pair = await crypto.subtle.generateKey(CURVE, false, ['sign', 'verify'])
      const spki = await crypto.subtle.exportKey('spki', pair.publicKey)
      return { key: pair.privateKey, public_key: base64(spki) }
    },
    async sign(key, text) {
      const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
      const data = new TextEncoder().encode(text)
      return base64(await crypto.subtle.sign(algorithm, key as CryptoKey, data))
    },
    async sha256(data) {
      const digest = await crypto.subtle.digest('SHA-256', data)
      return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, '0')).join('')
    },
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    async seal(sealKey, info, text) {
      const recipientPublicKey = await suite.kem.deserializePublicKey(fromBase64(sealKey).buffer)
      const parameters = { recipientPublicKey, info: utf8.encode(info).buffer }
      const { enc, ct } = await suite.seal(parameters, utf8.encode(text).buffer)
      return base64(join(enc, ct))
    },
  }
}
