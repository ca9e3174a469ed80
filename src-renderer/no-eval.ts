import { z } from 'zod';

// The content security policy forbids eval, with which zod would compile its parsers. First of all imports.
z.config({ jitless: true });
