namespace Nitro.Storage;

/// <summary>A file or folder cannot be used as it stands; the message says which, why, and what to do.</summary>
public sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner);
