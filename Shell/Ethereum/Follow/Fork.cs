namespace Nitro.Ethereum.Follow;

/// <summary>How the chain now compares with the final blocks kept. <c>Ancestor</c>: the newest kept block that still stands, when blocks are gone.</summary>
internal readonly record struct Fork(ForkKind Kind, long Ancestor, string Explanation)
{
    public static Fork None { get; } = new(ForkKind.None, -1, string.Empty);
}

/// <summary>The three cases.</summary>
internal enum ForkKind
{
    /// <summary>Same chain.</summary>
    None,

    /// <summary>The node has not yet what was final already, and nothing that contradicts it.</summary>
    Behind,

    /// <summary>Blocks once shown as final are gone.</summary>
    Gone,
}
