"""From a recording to a transcript: captions, Gemini or Whisper, whichever suits, behind one `VideoProcessor`."""
