/*
 * Addresses that lead a server to itself, to its network or to somebody else's door. `PORT` stands for the port of a decoy
 * on this machine, which must not hear of any of them.
 */

/** Spellings of this machine, as http addresses. */
const LOOPBACK = `localhost LOCALHOST localhost. sub.localhost 127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1
  0x7F.0x0.0x0.0x1 017700000001 0177.1 0177.0.0.01 127.0.0.1. 127.255.255.254 0 0.0.0.0 [::1] [::] [0:0:0:0:0:0:0:1]
  [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:0001] [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::]
  127。0。0。1 127．0．0．1 １２７.0.0.1 ①②⑦.⓪.⓪.① ⑫７.0.0.1 ⓛⓞⓒⓐⓛⓗⓞⓢⓣ %31%32%37.0.0.1 127.0.0.%31`

/** Private networks, links, metadata services, groups. */
const PRIVATE = `10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.0.1 192.168.1.1 0xc0a80001 169.254.169.254
  0xa9fea9fe 2852039166 [::ffff:169.254.169.254] 169.254.0.1 100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192
  198.18.0.1 224.0.0.1 255.255.255.255 [fe80::1] [fd00::1] [fd00:ec2::254] [fc00::1] [fec0::1] [ff02::1]
  [2001:db8::1] [2001::1] metadata.google.internal printer.local router intranet`

const USER_INFO = [
  'http://public.example@127.0.0.1:PORT/',
  'http://public.example:80@127.0.0.1:PORT/',
  'http://user:password@93.184.216.34/',
  'http://127.0.0.1:PORT\\@93.184.216.34/',
  'https://user@public.example/a.png',
]

/** Valid http(s) addresses that must not be fetched for anybody; each is refused for what it is, without a look-up. */
export const PRIVATE_ADDRESSES: readonly string[] = [
  ...`${LOOPBACK} ${PRIVATE}`.split(/\s+/).map((host) => `http://${host}:PORT/picture.png`),
  ...USER_INFO,
  'http:\\\\127.0.0.1:PORT\\picture.png',
  'https://127.0.0.1:PORT/picture.png',
  'http://\t127.0.0.1:PORT/picture.png',
  'http://127.0.\n0.1:PORT/picture.png',
]

/** Other schemes, and what is no address. */
export const FOREIGN_SCHEMES: readonly string[] = [
  'file:///etc/passwd',
  'file://127.0.0.1/etc/passwd',
  'gopher://127.0.0.1:PORT/_GET%20/',
  'ftp://127.0.0.1:PORT/a.png',
  'dict://127.0.0.1:PORT/info',
  'ws://127.0.0.1:PORT/',
  'data:image/png;base64,AAAA',
  'javascript:alert(1)',
  'jar:http://127.0.0.1:PORT/!/a',
  '//127.0.0.1:PORT/a.png',
  'http://',
  'http://[::1',
  '',
]
