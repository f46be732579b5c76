import { kibibytesAt, numberAt, type SlotOf, textAt, type Values } from './group-plan.ts';

/** state.* */
export function planState(slot: SlotOf) {
  const state = slot('state');
  return (v: Values) => ({
    /** virDomainState: 1 runs, 3 is paused, 5 is shut off. */
    state: numberAt(v, state),
  });
}

/** cpu.*: of the host, vcpus and emulator together. */
export function planCpu(slot: SlotOf) {
  const time = slot('time');
  const user = slot('user');
  const system = slot('system');
  const success = slot('haltpoll.success.time');
  const fail = slot('haltpoll.fail.time');
  return (v: Values) => ({
    timeNanos: numberAt(v, time),
    userNanos: numberAt(v, user),
    systemNanos: numberAt(v, system),
    haltPollSuccessNanos: numberAt(v, success),
    haltPollFailNanos: numberAt(v, fail),
  });
}

/** balloon.*: what the guest's driver last told, but for current, maximum and rss. */
export function planBalloon(slot: SlotOf) {
  const current = slot('current');
  const maximum = slot('maximum');
  const rss = slot('rss');
  const available = slot('available');
  const unused = slot('unused');
  const usable = slot('usable');
  const caches = slot('disk_caches');
  const swapIn = slot('swap_in');
  const swapOut = slot('swap_out');
  const major = slot('major_fault');
  const minor = slot('minor_fault');
  const allocations = slot('hugetlb_pgalloc');
  const failures = slot('hugetlb_pgfail');
  const update = slot('last-update');
  return (v: Values) => ({
    /** What the balloon leaves to the guest: no use of it. */
    currentBytes: kibibytesAt(v, current),
    maximumBytes: kibibytesAt(v, maximum),
    /** Of the QEMU on the host. */
    rssBytes: kibibytesAt(v, rss),
    /** The guest's MemTotal. */
    availableBytes: kibibytesAt(v, available),
    /** The guest's MemFree. */
    unusedBytes: kibibytesAt(v, unused),
    /** The guest's MemAvailable. */
    usableBytes: kibibytesAt(v, usable),
    diskCacheBytes: kibibytesAt(v, caches),
    swapInBytes: kibibytesAt(v, swapIn),
    swapOutBytes: kibibytesAt(v, swapOut),
    majorFaults: numberAt(v, major),
    /** By Linux's driver all, the major ones too. */
    minorFaults: numberAt(v, minor),
    hugetlbAllocations: numberAt(v, allocations),
    hugetlbFailures: numberAt(v, failures),
    /** Since the epoch, when the guest's driver told; 0 before it first did. */
    lastUpdateSeconds: numberAt(v, update),
  });
}

/** vcpu.current and vcpu.maximum. */
export function planVcpuCount(slot: SlotOf) {
  const current = slot('current');
  const maximum = slot('maximum');
  return (v: Values) => ({ current: numberAt(v, current), maximum: numberAt(v, maximum) });
}

/** vcpu.N.* */
export function planVcpu(slot: SlotOf, index: number) {
  const state = slot('state');
  const time = slot('time');
  const wait = slot('wait');
  const delay = slot('delay');
  return (v: Values) => ({
    index,
    /** virVcpuState: 0 is offline, 1 runs, 2 is blocked. */
    state: numberAt(v, state),
    timeNanos: numberAt(v, time),
    waitNanos: numberAt(v, wait),
    delayNanos: numberAt(v, delay),
  });
}

/** net.N.*: as the guest sees it; `index` is the place in the domain's XML. */
export function planInterface(slot: SlotOf, index: number) {
  const name = slot('name');
  const [rxBytes, txBytes] = [slot('rx.bytes'), slot('tx.bytes')];
  const [rxPackets, txPackets] = [slot('rx.pkts'), slot('tx.pkts')];
  const [rxErrors, txErrors] = [slot('rx.errs'), slot('tx.errs')];
  const [rxDrops, txDrops] = [slot('rx.drop'), slot('tx.drop')];
  return (v: Values) => ({
    index,
    /** The host's device. */
    name: textAt(v, name),
    receiveBytes: numberAt(v, rxBytes),
    receivePackets: numberAt(v, rxPackets),
    receiveErrors: numberAt(v, rxErrors),
    receiveDrops: numberAt(v, rxDrops),
    transmitBytes: numberAt(v, txBytes),
    transmitPackets: numberAt(v, txPackets),
    transmitErrors: numberAt(v, txErrors),
    transmitDrops: numberAt(v, txDrops),
  });
}

/** block.N.*; `index` is the place in the domain's XML. */
export function planBlock(slot: SlotOf, index: number) {
  const name = slot('name');
  const [readRequests, readBytes] = [slot('rd.reqs'), slot('rd.bytes')];
  const [writeRequests, writeBytes] = [slot('wr.reqs'), slot('wr.bytes')];
  const [readTimes, writeTimes] = [slot('rd.times'), slot('wr.times')];
  const [flushRequests, flushTimes] = [slot('fl.reqs'), slot('fl.times')];
  const [allocation, capacity] = [slot('allocation'), slot('capacity')];
  const physical = slot('physical');
  return (v: Values) => ({
    index,
    /** The disk's target, such as `vda`. */
    name: textAt(v, name),
    readRequests: numberAt(v, readRequests),
    readBytes: numberAt(v, readBytes),
    readNanos: numberAt(v, readTimes),
    writeRequests: numberAt(v, writeRequests),
    writeBytes: numberAt(v, writeBytes),
    writeNanos: numberAt(v, writeTimes),
    flushRequests: numberAt(v, flushRequests),
    flushNanos: numberAt(v, flushTimes),
    /** What the image takes on the host: no use of a filesystem. */
    allocationBytes: numberAt(v, allocation),
    /** What the guest sees. */
    capacityBytes: numberAt(v, capacity),
    physicalBytes: numberAt(v, physical),
  });
}

/** dirtyrate.*: of the last measurement that someone asked for. */
export function planDirtyRate(slot: SlotOf) {
  const rate = slot('megabytes_per_second');
  return (v: Values) => ({
    /** Absent until it was measured. */
    mebibytesPerSecond: numberAt(v, rate),
  });
}
