namespace Nitro.Signing;

/// <summary>The owner's policy: the name of a preset that needs no more (<c>open</c>), or a file that says the rest.</summary>
public static class PolicyFile
{
    private const string Open = "open";

    /// <summary>Reads it.</summary>
    /// <param name="named">The preset's name or the file's path; null or empty: <c>open</c>.</param>
    /// <exception cref="PolicyFileException">The file cannot be read, or is no policy.</exception>
    public static SignerPolicy Read(string? named)
    {
        if (string.IsNullOrEmpty(named) || named == Open)
        {
            return SignerPolicy.Open;
        }

        byte[] json;
        try
        {
            json = File.ReadAllBytes(named);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyFileException($"The policy {named} is neither the preset 'open' nor a file that can be read: {e.Message}", e);
        }

        return SignerPolicy.TryRead(json, out var policy, out var error)
            ? policy
            : throw new PolicyFileException($"The policy {named} cannot be used: {error}. docs/operations.md says what it may hold.");
    }
}
