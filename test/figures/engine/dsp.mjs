// What each part of the engine costs per channel and 20 ms, as the measuring programs say it: CPU time of the fastest laps.
import { hasBench, measure, prepare } from './programs.mjs';

/** By program: what it prints, the figure's name and the goal in ns, if there is one. `*` is the fastest set of kernels. */
const FIGURES = {
  dsp: [
    ['*.alaw_decode', 'alawDecode', 22],
    ['*.alaw_encode', 'alawEncode', 25],
    ['*.power', 'power', 11],
    ['*.dtmf', 'dtmf', 160],
    ['*.dtmf_decode', 'dtmfWithDecode', 160],
    ['*.dtmf_decode_all_sounding', 'dtmfEverybodySoundsADigit'],
    ['*.interleave_stream', 'stereoInterleave', 15],
    ['*.mix30_decode_encode', 'mix30', 90],
    ['copy', 'twoPartyCopy', 7],
  ],
  engine: [
    ['connect two parties, whole bus', 'busTwoParties', 7],
    ['conference of 30, per party', 'conference30PerSeat', 90],
    ['conference of 50, per party', 'conference50PerSeat', 150],
    ['conference of 100, per party', 'conference100PerSeat', 150],
    ['record, stereo', 'record', 15],
  ],
  echo: [
    ['echo_128', 'echo128', 1700],
    ['echo_128_far_end_silent', 'echo128Silence'],
    ['echo_128_double_talk', 'echo128DoubleTalk'],
    ['echo_256', 'echo256'],
    ['echo_512', 'echo512'],
  ],
  voice: [
    ['voice_activity', 'voiceActivity', 60],
    ['level_meter', 'levelMeter'],
    ['automatic_gain', 'automaticGain', 120],
    ['automatic_gain_limiting', 'automaticGainLimiting'],
    ['concealment_lost_and_good', 'lossConcealment'],
    ['comfort_noise_order_10', 'comfortNoise'],
    ['resample_8000_16000', 'resample8To16kHz', 400],
    ['resample_8000_48000', 'resample8To48kHz', 1500],
  ],
  callerid: [
    ['fsk.message', 'fskReceive', 1000],
    ['fsk.noise', 'fskReceiveNoise', 1000],
    ['caller_id.message', 'callerIdReceive', 1000],
  ],
  tone: [
    ['call_progress.cn.speech', 'callProgressChina', 300],
    ['call_progress.us.speech', 'callProgressAmerica', 300],
    ['fax_tones.speech', 'faxTones'],
    ['mf_r2.speech', 'mfR2'],
    ['mf_r2.signal', 'mfR2Signal'],
  ],
  answer: [
    ['answer classifier, voice', 'answerClassifier', 1000],
    ['answer classifier, silence', 'answerClassifierSilence', 1000],
  ],
};

export async function dsp(report) {
  await prepare(report);
  for (const [program, figures] of Object.entries(FIGURES)) {
    if (!hasBench(program)) {
      report.broken(program, new Error(`there is no ${program}_bench`));
      continue;
    }
    const [printed] = await measure(program);
    // The fast kernels come first.
    const set = Object.keys(printed)
      .find((key) => key.endsWith('.alaw_decode'))
      ?.split('.')[0];
    if (set !== undefined) report.note(`kernels: ${set}`);
    for (const [key, name, goal = null] of figures) {
      const ns = printed[key.replace('*', set)];
      if (typeof ns === 'number') report.add(`${name}Ns`, ns, 'ns', goal, 'most');
      else report.broken(`${name}Ns`, new Error(`${program}_bench prints no ${key}`));
    }
  }
}
