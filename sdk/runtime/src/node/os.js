/** `node:os`: what a bot may know of where it runs. */
import { engine } from '../engine.js'

export default {
  EOL: '\n', devNull: '/dev/null',
  arch: () => 'x64', platform: () => 'linux', type: () => 'Linux', release: () => '6.0.0', version: () => '#1',
  machine: () => 'x86_64', hostname: () => 'roost', endianness: () => 'LE', homedir: () => '/app', tmpdir: () => '/tmp',
  uptime: () => engine.monotonic() / 1000, loadavg: () => [0, 0, 0],
  totalmem: () => engine.memory().limit, freemem: () => engine.memory().limit - engine.memory().used,
  cpus: () => [{ model: 'roost', speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }],
  availableParallelism: () => 1, networkInterfaces: () => ({}), getPriority: () => 0, setPriority() {},
  userInfo: () => ({ uid: 1000, gid: 1000, username: 'bot', homedir: '/app', shell: null }),
  constants: {
    UV_UDP_REUSEADDR: 4, dlopen: {}, errno: {}, priority: {},
    signals: { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGUSR1: 10, SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15 },
  },
}
