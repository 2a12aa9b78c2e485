/** How loud a track is, 0 to 1, ten times a second. Gives what ends it. */
export function measure(track: MediaStreamTrack, heard: (level: number) => void): () => void {
  const context = new AudioContext();
  // of its own, so that it hears also what is muted
  const own = track.clone();
  own.enabled = true;
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([own]) }).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    // −60 dB is nothing, −10 dB is loud
    heard(Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-9) + 60) / 50)));
  }, 100);
  return () => {
    clearInterval(timer);
    own.stop();
    void context.close();
  };
}
