namespace Nitro.Host.Options;

/// <summary>
/// Who holds the keys. Configuration section <c>signer</c>: <c>"in-process"</c> (this process, from its key files), <c>"remote"</c>, or
/// <c>{ "remote": { "listen": ... } }</c>.
/// </summary>
public sealed record SignerSettings
{
    /// <summary>The rules of a signer in this process: <c>open</c> (default), or a file of them.</summary>
    public string? Policy { get; set; }

    /// <summary>Not null: a signer of its own that attaches to the node.</summary>
    public RemoteSignerSettings? Remote { get; set; }
}
