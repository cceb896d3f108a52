namespace Nitro.Cli.Demo;

/// <summary>Shows the story as it goes.</summary>
internal interface IDemoView
{
    /// <summary>Shows the whole story while it runs.</summary>
    Task RunAsync(Func<Task> story);

    /// <summary>A step begins.</summary>
    IStepView Begin(string title);
}
