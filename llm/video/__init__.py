"""Transcribes recordings: from captions, by Gemini or by Whisper, behind one `VideoProcessor`."""
