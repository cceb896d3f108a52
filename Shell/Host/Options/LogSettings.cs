namespace Nitro.Host.Options;

/// <summary>Logging. Configuration section <c>log</c>.</summary>
public sealed record LogSettings
{
    /// <summary><c>trace</c>, <c>debug</c>, <c>info</c>, <c>warn</c>, <c>error</c> or <c>off</c>.</summary>
    public string Level { get; set; } = "info";
}
